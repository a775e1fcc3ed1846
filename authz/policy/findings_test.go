package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// findingTest is a document on one line and what is said about it: finding, and
// the text at which it is placed. The document loads if none is an error.
type findingTest struct {
	name string
	kind policy.Kind
	text string
	want [][2]string
}

func (tt *findingTest) run(t *testing.T) {
	t.Helper()
	doc, findings := policy.Parse(tt.kind, "p.json", []byte(tt.text))
	var want []string
	for _, w := range tt.want {
		want = append(want, at(tt.text, w[0], w[1]))
	}
	if diff := cmp.Diff(want, said(findings)); diff != "" {
		t.Errorf("%s\n(-want +got):\n%s", tt.text, diff)
	}
	if policy.HasErrors(findings) != (doc == nil) {
		t.Errorf("the document is %v with %v", doc, findings)
	}
	for _, f := range findings {
		if f.Message == "" || f.Remedy == "" {
			t.Errorf("%s: without message or remedy", f.Code)
		}
	}
}

const (
	do       = `"Effect": "Allow", "Action": "s3:*", "Resource": "*"`
	dont     = `"Effect": "Deny", "Action": "s3:*", "Resource": "*"`
	everyone = `"Principal": "*"`
)

func when(operators string) string { return `, "Condition": {` + operators + `}` }

func TestParse_elements(t *testing.T) {
	t.Parallel()
	version := func(v string) string { return `{"Version": ` + v + `, "Statement": []}` }
	tests := []findingTest{
		{"no statements", policy.Identity, version(`"2012-10-17"`), nil},
		{"the old version", policy.Identity, version(`"2008-10-17"`), nil},
		{"no version", policy.Identity, `{"Statement": []}`, [][2]string{{"{", "note MISSING_VERSION"}}},
		{"an unknown version", policy.Identity, version(`"2012-10-18"`), [][2]string{{`"2012-10-18"`, "error INVALID_VERSION"}}},
		{"a number for it", policy.Identity, version(`2012`), [][2]string{{`2012`, "error DATA_TYPE_MISMATCH"}}},
		{"no version in an SCP", policy.SCP, `{"Statement": []}`, [][2]string{{"{", "error MISSING_VERSION"}}},
		{"the old one in an RCP", policy.RCP, version(`"2008-10-17"`), [][2]string{{`"2008-10-17"`, "error INVALID_VERSION"}}},
		{"no statement", policy.Identity, `{"Version": "2012-10-17"}`, [][2]string{{"{", "error MISSING_STATEMENT"}}},
		{"a string for it", policy.Identity, `{"Version": "2012-10-17", "Statement": "x"}`, [][2]string{{`"x"`, "error DATA_TYPE_MISMATCH"}}},
		{"an Id in an identity policy", policy.Identity, `{"Id": "x", "Version": "2012-10-17", "Statement": []}`, [][2]string{{`"Id"`, "error UNSUPPORTED_ELEMENT"}}},
		{"an Id in an RCP", policy.RCP, `{"Id": "x", "Version": "2012-10-17", "Statement": []}`, [][2]string{{`"Id"`, "error UNSUPPORTED_ELEMENT"}}},
		{"an Id in a trust policy", policy.Trust, `{"Id": "x y", "Version": "2012-10-17", "Statement": []}`, nil},
		{"a null Effect", policy.Identity, statement(`"Effect": null, "Action": "*", "Resource": "*"`), [][2]string{{`null`, "error DATA_TYPE_MISMATCH"}}},
		{"an Effect of other case", policy.Identity, statement(`"Effect": "DENY", "Action": "*", "Resource": "*"`), [][2]string{{`"DENY"`, "error INVALID_EFFECT"}}},
		{"a Sid with a hyphen", policy.Identity, statement(`"Sid": "a-b", ` + do), [][2]string{{`"a-b"`, "error INVALID_SID"}}},
		{"one beyond ASCII", policy.Identity, statement(`"Sid": "aé", ` + do), [][2]string{{`"aé"`, "error INVALID_SID"}}},
		{"which a bucket policy may have", policy.Bucket, statement(`"Sid": "a-b", "Principal": "*", ` + do), nil},
		{"which an SCP had better not", policy.SCP, statement(`"Sid": "a-b", ` + do), [][2]string{{`"a-b"`, "warning INVALID_SID"}}},
		{"a number for a Sid", policy.Identity, statement(`"Sid": 1, ` + do), [][2]string{{`1, `, "error DATA_TYPE_MISMATCH"}}},
		{"a variable for a Sid", policy.Resource, statement(`"Sid": "${aws:userid}", "Principal": "*", ` + do), [][2]string{{`"${`, "warning VARIABLE_UNSUPPORTED_IN_ELEMENT"}}},
		{"a Sid twice", policy.Identity, `{"Version": "2012-10-17", "Statement": [{"Sid": "a", ` + do + `}, {"Sid" : "a", ` + do + `}]}`, [][2]string{{`"a", ` + do + `}]`, "error UNIQUE_SIDS_REQUIRED"}}},
		{"a Sid twice in a bucket policy", policy.Bucket, `{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Principal": "*", ` + do + `}, {"Sid": "a", ` + do + `, "Principal": "*"}]}`, [][2]string{{`"a", ` + do, "warning UNIQUE_SIDS_REQUIRED"}}},
		{"no Action", policy.Identity, statement(`"Effect": "Allow", "Resource": "*"`), [][2]string{{`{"Effect"`, "error MISSING_ACTION"}}},
		{"no Resource", policy.Identity, statement(`"Effect": "Allow", "Action": "*"`), [][2]string{{`{"Effect"`, "error MISSING_RESOURCE"}}},
		{"no Resource in a resource-based policy", policy.Resource, statement(`"Effect": "Allow", "Principal": "*", "Action": "*"`), nil},
		{"no Resource in a bucket policy", policy.Bucket, statement(`"Effect": "Allow", "Principal": "*", "Action": "*"`), [][2]string{{`{"Effect"`, "error MISSING_RESOURCE"}}},
		{"Resource and NotResource", policy.Identity, statement(do + `, "NotResource": "*"`), [][2]string{{`"NotResource"`, "error UNSUPPORTED_ELEMENT_COMBINATION"}}},
		{"in the other order", policy.Identity, statement(`"NotResource": "*", ` + do), [][2]string{{`"Resource"`, "error UNSUPPORTED_ELEMENT_COMBINATION"}}},
		{"an object for a list", policy.Identity, statement(`"Effect": "Allow", "Action": {}, "Resource": "*"`), [][2]string{{`{}`, "error DATA_TYPE_MISMATCH"}}},
		{"a list in a list", policy.Identity, statement(`"Effect": "Allow", "Action": [["s3:*"]], "Resource": "*"`), [][2]string{{`["s3:*"]`, "error DATA_TYPE_MISMATCH"}}},
		{"a character beyond IAM's", policy.Identity, statement(`"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::世"`), [][2]string{{`世`, "error INVALID_CHARACTER"}}},
		{"which is escaped", policy.Identity, statement(`"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::\u4e16"`), nil},
		{"or of a bucket", policy.Bucket, statement(`"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::世"`), nil},
		{"a kind that is none", policy.Kind(99), `{}`, [][2]string{{`{`, "error INVALID_POLICY_KIND"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

func TestParse_actionsAndResources(t *testing.T) {
	t.Parallel()
	action := func(effect, element, action string) string {
		return statement(`"Effect": "` + effect + `", "` + element + `": "` + action + `", "Resource": "*"`)
	}
	resource := func(effect, element, resource string) string {
		return statement(`"Effect": "` + effect + `", "Action": "*", "` + element + `": "` + resource + `"`)
	}
	tests := []findingTest{
		{"no prefix", policy.Identity, action("Allow", "Action", "GetObject"), [][2]string{{`"GetObject"`, "error INVALID_ACTION"}}},
		{"no name", policy.Identity, action("Allow", "Action", "s3:"), [][2]string{{`"s3:"`, "warning INVALID_ACTION"}}},
		{"a wildcard in the prefix", policy.Identity, action("Allow", "Action", "s*:Get"), [][2]string{{`"s*:`, "warning INVALID_ACTION"}}},
		{"which would weaken a Deny", policy.Identity, action("Deny", "Action", "s*:Get"), [][2]string{{`"s*:`, "error INVALID_ACTION"}}},
		{"or widen an Allow", policy.Identity, action("Allow", "NotAction", "s*:Get"), [][2]string{{`"s*:`, "error INVALID_ACTION"}}},
		{"but not a Deny with NotAction", policy.Identity, action("Deny", "NotAction", "s*:Get"), [][2]string{{`"s*:`, "warning INVALID_ACTION"}}},
		{"white space", policy.Identity, action("Allow", "Action", "s3:Get Object"), [][2]string{{`"s3:Get`, "warning INVALID_ACTION"}}},
		{"a variable", policy.Identity, action("Allow", "Action", "s3:${aws:x}"), [][2]string{{`"s3:$`, "warning VARIABLE_UNSUPPORTED_IN_ELEMENT"}}},
		{"every action in an RCP", policy.RCP, statement(`"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"`), [][2]string{{`"*", "Resource"`, "error UNSUPPORTED_ACTION"}}},
		{"NotAction in an RCP", policy.RCP, statement(`"Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "Resource": "*"`), [][2]string{{`"NotAction"`, "error UNSUPPORTED_ELEMENT"}}},
		{"another service in a trust policy", policy.Trust, statement(`"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:*"`), [][2]string{{`"111111111111"`, "warning MISMATCHED_ACTION_FOR_PRINCIPAL"}, {`"s3:*"`, "error UNSUPPORTED_ACTION"}}},
		{"every action in a trust policy", policy.Trust, statement(`"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "*"`), [][2]string{{`"*"`, "error UNSUPPORTED_ACTION"}}},
		{"NotAction in a trust policy", policy.Trust, statement(`"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "NotAction": "*"`), nil},

		{"a name for a resource", policy.Identity, resource("Allow", "Resource", "bkt"), [][2]string{{`"bkt"`, "error INVALID_ARN_PREFIX"}}},
		{"a variable for one", policy.Identity, resource("Allow", "Resource", "${aws:x}"), [][2]string{{`"${`, "error INVALID_ARN_PREFIX"}}},
		{"an incomplete ARN", policy.Boundary, resource("Allow", "Resource", "arn:aws:sqs"), nil},
		{"an incomplete ARN in a session policy", policy.Session, resource("Allow", "NotResource", "arn:aws:sqs:*"), [][2]string{{`"arn:aws:sqs:*"`, "error MISSING_ARN_FIELD"}}},
		{"in an SCP", policy.SCP, resource("Deny", "Resource", "arn:*"), [][2]string{{`"arn:*"`, "error MISSING_ARN_FIELD"}}},
		{"in a bucket policy", policy.Bucket, statement(everyone + `, "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3"`), [][2]string{{`"arn:aws:s3"`, "warning MISSING_ARN_FIELD"}}},
		{"in its Deny", policy.Bucket, statement(everyone + `, "Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3"`), [][2]string{{`"arn:aws:s3"`, "error MISSING_ARN_FIELD"}}},
		{"with a wildcard", policy.Bucket, statement(everyone + `, "Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3*"`), [][2]string{{`"arn:aws:s3*"`, "note WILDCARD_IN_SERVICE_NAME"}}},
		{"a service in upper case", policy.Identity, resource("Allow", "Resource", "arn:aws:S3:::bkt"), [][2]string{{`"arn:aws:S3`, "warning INVALID_ARN_SERVICE_CASE"}}},
		{"a variable too early", policy.Identity, resource("Allow", "Resource", "arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q"), [][2]string{{`"arn:`, "warning VARIABLE_UNSUPPORTED_IN_ELEMENT"}}},
		{"an Allow of an SCP", policy.SCP, resource("Allow", "Resource", "arn:aws:s3:::*"), [][2]string{{`"arn:`, "error UNSUPPORTED_RESOURCE"}}},
		{"NotResource in one", policy.SCP, resource("Allow", "NotResource", "arn:aws:s3:::*"), [][2]string{{`"NotResource"`, "warning UNSUPPORTED_ELEMENT"}}},
		{"NotResource in a trust policy", policy.Trust, statement(`"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole", "NotResource": "*"`), [][2]string{{`"NotResource"`, "error UNSUPPORTED_ELEMENT"}}},

		{"a variable without a name", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${}"), [][2]string{{`"arn:`, "error EMPTY_VARIABLE"}}},
		{"without its brace", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${aws:x"), [][2]string{{`"arn:`, "error MISSING_BRACE_IN_VARIABLE"}}},
		{"inside another", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${a${b}"), [][2]string{{`"arn:`, "error MISSING_BRACE_IN_VARIABLE"}}},
		{"without its brace behind the default", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${aws:x, 'd'"), [][2]string{{`"arn:`, "error MISSING_BRACE_IN_VARIABLE"}}},
		{"without a quote", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${aws:x, 'd}"), [][2]string{{`"arn:`, "error MISSING_QUOTE_IN_VARIABLE"}}},
		{"without the other", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${aws:x, d}"), [][2]string{{`"arn:`, "error MISSING_QUOTE_IN_VARIABLE"}}},
		{"with a space", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${ aws:x}"), [][2]string{{`"arn:`, "error UNSUPPORTED_SPACE_IN_VARIABLE"}}},
		{"well-formed ones", policy.Identity, resource("Allow", "Resource", "arn:aws:s3:::${aws:x, ''}${*}${?}${$}$"), nil},
		{"one in the old version", policy.Identity, `{"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${"}}`, [][2]string{{`"arn:`, "warning VARIABLE_UNSUPPORTED_IN_VERSION"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

func TestParse_conditions(t *testing.T) {
	t.Parallel()
	tests := []findingTest{
		{"not an object", policy.Identity, statement(do + `, "Condition": "x"`), [][2]string{{`"x"`, "error DATA_TYPE_MISMATCH"}}},
		{"an operator of other case", policy.Identity, statement(do + when(`"stringequals": {"svc:k": "x"}`)), [][2]string{{`"stringequals"`, "error INVALID_CONDITION_OPERATOR"}}},
		{"an operator like none", policy.Identity, statement(do + when(`"SameThing": {"svc:k": "x"}`)), [][2]string{{`"SameThing"`, "error INVALID_CONDITION_OPERATOR"}}},
		{"an operator too long to guess", policy.Identity, statement(do + when(`"`+strings.Repeat("StringEquals", 9)+`": {"svc:k": "x"}`)), [][2]string{{`"StringEqualsS`, "error INVALID_CONDITION_OPERATOR"}}},
		{"two set prefixes", policy.Identity, statement(do + when(`"ForAllValues:ForAnyValue:Bool": {"svc:k": "true"}`)), [][2]string{{`"ForAll`, "error INVALID_CONDITION_OPERATOR"}}},
		{"a set prefix of Null", policy.Identity, statement(do + when(`"ForAnyValue:Null": {"svc:k": "true"}`)), [][2]string{{`"ForAny`, "warning NULL_WITH_QUALIFIER"}}},
		{"a string for keys", policy.Identity, statement(do + when(`"Bool": "x"`)), [][2]string{{`"x"`, "error DATA_TYPE_MISMATCH"}}},
		{"no keys", policy.Identity, statement(do + when(`"Bool": {}`)), [][2]string{{`{}`, "note EMPTY_OBJECT_CONDITION"}}},
		{"no operators", policy.Identity, statement(do + when(``)), [][2]string{{`{}}`, "note EMPTY_OBJECT_CONDITION"}}},
		{"no values", policy.Identity, statement(do + when(`"Bool": {"svc:k": []}`)), [][2]string{{`[]`, "note EMPTY_ARRAY_CONDITION"}}},
		{"null for a value", policy.Identity, statement(do + when(`"Bool": {"svc:k": null}`)), [][2]string{{`null`, "error INVALID_CONDITION_DATA_TYPE"}}},
		{"values of several types", policy.Identity, statement(do + when(`"StringEquals": {"svc:k": ["1", 2]}`)), [][2]string{{`2]`, "error INVALID_CONDITION_DATA_TYPE"}}},
		{"several booleans", policy.Identity, statement(do + when(`"Bool": {"svc:k": [true, false]}`)), [][2]string{{`"svc:k"`, "warning INVALID_CONDITION_MULTIPLE_BOOLEAN"}}},
		{"a key twice", policy.Identity, statement(do + when(`"Bool": {"svc:k": "true", "SVC:K": "true"}`)), [][2]string{{`"SVC:K"`, "error DUPLICATE_KEYS_WITH_DIFFERENT_CASE"}}},
		{"no key", policy.Identity, statement(do + when(`"Bool": {"k": "true"}`)), [][2]string{{`"k"`, "error INVALID_CONDITION_KEY_FORMAT"}}},
		{"a variable for a key", policy.Identity, statement(do + when(`"Bool": {"svc:${aws:x}": "true"}`)), [][2]string{{`"svc:$`, "error VARIABLE_UNSUPPORTED_IN_ELEMENT"}}},
		{"a tag without its key", policy.Identity, statement(do + when(`"StringEquals": {"aws:RequestTag": "x"}`)), [][2]string{{`"aws:R`, "error MISSING_TAG_KEY_IN_CONDITION"}}},
		{"a multivalued key", policy.Identity, statement(do + when(`"StringEquals": {"aws:TagKeys": "x"}`)), [][2]string{{`"aws:T`, "warning MISSING_QUALIFIER"}}},
		{"its absence", policy.Identity, statement(do + when(`"Null": {"aws:TagKeys": true}`)), nil},
		{"a claim that is a list", policy.Identity, statement(do + when(`"StringEquals": {"issuer.example.com:amr": "x"}`)), [][2]string{{`"issuer`, "warning MISSING_QUALIFIER"}}},
		{"ForAllValues of a single value", policy.Identity, statement(do + when(`"ForAllValues:StringEquals": {"aws:PrincipalTag/t": "x"}`)), [][2]string{{`"aws:P`, "warning FORALLVALUES_WITH_SINGLE_VALUED_KEY"}}},
		{"an unknown global key", policy.Identity, statement(do + when(`"IpAddress": {"aws:SourceIpp": "10.0.0.0/8"}`)), [][2]string{{`"aws:S`, "warning INVALID_GLOBAL_CONDITION_KEY"}}},
		{"a wildcard that is none", policy.Identity, statement(do + when(`"StringEquals": {"svc:k": "x*"}`)), [][2]string{{`"x*"`, "note WILDCARD_WITHOUT_LIKE_OPERATOR"}}},
		{"a malformed variable", policy.Identity, statement(do + when(`"StringEquals": {"svc:k": "${"}`)), [][2]string{{`"${"`, "error MISSING_BRACE_IN_VARIABLE"}}},
		{"a short ARN", policy.Identity, statement(do + when(`"ArnLike": {"svc:k": "arn:aws:sns:*"}`)), [][2]string{{`"arn:`, "warning MISSING_ARN_FIELD"}}},
		{"a short ARN in a Deny", policy.Identity, statement(dont + when(`"ArnNotLike": {"svc:k": "arn:aws:sns:*"}`)), [][2]string{{`"arn:`, "error MISSING_ARN_FIELD"}}},
		{"colons in the last field", policy.Identity, statement(dont + when(`"ArnNotLike": {"svc:k": "arn:aws:logs:*:1:log-group:a:*"}`)), nil},
		{"an ARN by variable", policy.Identity, statement(dont + when(`"ArnNotLike": {"svc:k": "${aws:PrincipalArn}"}`)), nil},
		{"no number", policy.Identity, statement(do + when(`"NumericEquals": {"svc:k": "1e3"}`)), [][2]string{{`"1e3"`, "error TYPE_MISMATCH"}}},
		{"no date", policy.Identity, statement(do + when(`"DateLessThan": {"svc:k": "2024-02-30"}`)), [][2]string{{`"2024`, "error TYPE_MISMATCH"}}},
		{"no boolean", policy.Identity, statement(do + when(`"Bool": {"svc:k": "yes"}`)), [][2]string{{`"yes"`, "error TYPE_MISMATCH"}}},
		{"no boolean for Null", policy.Identity, statement(do + when(`"Null": {"svc:k": "0"}`)), [][2]string{{`"0"`, "error TYPE_MISMATCH"}}},
		{"no address", policy.Identity, statement(do + when(`"NotIpAddress": {"svc:k": "10.0.0.0/33"}`)), [][2]string{{`"10.`, "error TYPE_MISMATCH"}}},
		{"no base64", policy.Identity, statement(do + when(`"BinaryEquals": {"svc:k": "YQ"}`)), [][2]string{{`"YQ"`, "error TYPE_MISMATCH"}}},
		{"a variable for a boolean", policy.Identity, statement(do + when(`"Bool": {"svc:k": "${aws:SecureTransport}"}`)), [][2]string{{`"${`, "error INVALID_VARIABLE_FOR_OPERATOR"}}},
		{"values as they are read", policy.Identity, statement(do + when(`"NumericEquals": {"svc:a": [10, -1.5]}, "DateEquals": {"svc:b": 1714566600}, "Bool": {"svc:c": true}, "BinaryEquals": {"svc:d": "YQ=="}, "IpAddress": {"svc:e": ["10.0.0.1", "2001:db8::/32"]}`)), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}
