package policy_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

func TestParse_principals(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0123456789abcdef", 4)
	bucket := func(principal string) string {
		return statement(`"Effect": "Deny", "Action": "s3:*", "Resource": "*", ` + principal)
	}
	trust := func(principal, action string) string {
		return statement(`"Effect": "Allow", "Principal": ` + principal + `, "Action": "` + action + `"`)
	}
	bad := func(name, value string) findingTest {
		return findingTest{name, policy.Bucket, bucket(`"Principal": {"AWS": "` + value + `"}`), [][2]string{{`"` + value + `"`, "error INVALID_PRINCIPAL_FORMAT"}}}
	}
	tests := []findingTest{
		{"every form", policy.Bucket, bucket(`"Principal": {"AWS": ["*", "111111111111", "arn:aws:iam::111111111111:root", "arn:aws-cn:iam::111111111111:user/a/b", "arn:aws:iam::111111111111:role/a",
			"arn:aws:sts::111111111111:assumed-role/app/s1", "arn:aws:sts::111111111111:federated-user/bob", "AIDAEXAMPLE", "AROAEXAMPLE",
			"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"], "Service": ["sns.amazonaws.com"]}`), nil},
		{"a canonical id", policy.Bucket, statement(do + `, "Principal": {"CanonicalUser": "` + id + `"}`), [][2]string{{`"` + id, "warning UNSUPPORTED_CANONICAL_USER"}}},
		{"which would weaken a Deny", policy.Bucket, bucket(`"Principal": {"CanonicalUser": "` + id + `"}`), [][2]string{{`"` + id, "error UNSUPPORTED_CANONICAL_USER"}}},
		{"but not one with NotPrincipal", policy.Bucket, bucket(`"NotPrincipal": {"CanonicalUser": "` + id + `"}`), [][2]string{{`"` + id, "warning UNSUPPORTED_CANONICAL_USER"}}},
		{"nobody", policy.Bucket, bucket(`"Principal": {}`), [][2]string{{`{}`, "note EMPTY_OBJECT_PRINCIPAL"}}},
		{"an empty list", policy.Bucket, bucket(`"Principal": {"AWS": []}`), [][2]string{{`[]`, "note EMPTY_ARRAY_PRINCIPAL"}}},
		{"a string that is not *", policy.Bucket, bucket(`"Principal": "111111111111"`), [][2]string{{`"111`, "error INVALID_PRINCIPAL_FORMAT"}}},
		{"a list without a key", policy.Bucket, bucket(`"Principal": ["*"]`), [][2]string{{`["*"]`, "error INVALID_PRINCIPAL_FORMAT"}}},
		{"an unknown key", policy.Bucket, bucket(`"Principal": {"Aws": "*"}`), [][2]string{{`"Aws"`, "error INVALID_POLICY_ELEMENT"}, {`"*"}`, "error UNSUPPORTED_WILDCARD_IN_PRINCIPAL"}}},
		{"a number", policy.Bucket, bucket(`"Principal": {"AWS": 111111111111}`), [][2]string{{`111`, "error DATA_TYPE_MISMATCH"}}},
		{"a variable", policy.Bucket, bucket(`"Principal": {"AWS": "arn:aws:iam::111111111111:user/${aws:x}"}`), [][2]string{{`"arn`, "warning VARIABLE_UNSUPPORTED_IN_ELEMENT"}}},
		{"none", policy.Bucket, bucket(`"Sid": "a"`), [][2]string{{`{"Effect"`, "error MISSING_PRINCIPAL"}}},
		{"two", policy.Bucket, bucket(`"Principal": "*", "NotPrincipal": "*"`), [][2]string{{`"NotPrincipal"`, "error UNSUPPORTED_ELEMENT_COMBINATION"}}},
		{"in a session policy", policy.Session, bucket(`"NotPrincipal": "*"`), [][2]string{{`"NotPrincipal"`, "error UNSUPPORTED_PRINCIPAL"}}},
		{"in an SCP", policy.SCP, bucket(`"Principal": "*"`), [][2]string{{`"Principal"`, "error UNSUPPORTED_PRINCIPAL"}}},
		{"not in an endpoint policy", policy.Endpoint, bucket(`"Sid": "a"`), [][2]string{{`{"Effect"`, "error MISSING_PRINCIPAL"}}},
		{"NotPrincipal in a Deny", policy.Endpoint, bucket(`"NotPrincipal": {"AWS": "111111111111"}`), nil},
		{"in an Allow", policy.Bucket, statement(do + `, "NotPrincipal": {"AWS": "111111111111"}`), [][2]string{{`"NotPrincipal"`, "error ALLOW_WITH_NOTPRINCIPAL"}}},
		{"in a trust policy", policy.Trust, statement(`"Effect": "Deny", "NotPrincipal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"`), [][2]string{{`"NotPrincipal"`, "error UNSUPPORTED_ELEMENT"}}},
		{"somebody in an RCP", policy.RCP, bucket(`"Principal": {"AWS": "111111111111"}`), [][2]string{{`"111`, "error UNSUPPORTED_PRINCIPAL"}}},
		{"everybody in an RCP", policy.RCP, bucket(`"Principal": {"AWS": "*"}`), nil},
		{"a service of a wildcard", policy.Bucket, bucket(`"Principal": {"Service": "*"}`), [][2]string{{`"*"}`, "error UNSUPPORTED_WILDCARD_IN_PRINCIPAL"}}},
		{"a service of no name", policy.Bucket, bucket(`"Principal": {"Service": "sns"}`), [][2]string{{`"sns"`, "error INVALID_SERVICE_PRINCIPAL_FORMAT"}}},
		{"a short canonical id", policy.Bucket, bucket(`"NotPrincipal": {"CanonicalUser": "abc"}`), [][2]string{{`"abc"`, "error INVALID_PRINCIPAL_FORMAT"}, {`"abc"`, "warning UNSUPPORTED_CANONICAL_USER"}}},
		{"a canonical id in a trust policy", policy.Trust, trust(`{"CanonicalUser": "`+id+`"}`, "sts:AssumeRole"), [][2]string{{`"` + id, "error UNSUPPORTED_PRINCIPAL"}, {`"` + id, "warning UNSUPPORTED_CANONICAL_USER"}}},
		{"a provider in a bucket policy", policy.Bucket, bucket(`"Principal": {"Federated": "accounts.google.com"}`), [][2]string{{`"accounts`, "error FEDERATED_PRINCIPAL_NOT_SUPPORTED"}}},
		bad("a group", "arn:aws:iam::111111111111:group/g"),
		bad("an instance profile", "arn:aws:iam::111111111111:instance-profile/g"),
		bad("a provider under AWS", "arn:aws:iam::111111111111:saml-provider/P"),
		bad("a role without its session", "arn:aws:sts::111111111111:assumed-role/app"),
		bad("a user without a name", "arn:aws:iam::111111111111:user/"),
		bad("no account", "arn:aws:iam::1111:root"),
		bad("no ARN", "alice"),
		bad("a short account", "1234"),
		bad("the id of a group", "AGPAEXAMPLE"),
		bad("a prefix alone", "AIDA"),
		{"an OIDC provider", policy.Trust, trust(`{"Federated": ["arn:aws:iam::111111111111:oidc-provider/token.example.com/x", "accounts.google.com"]}`, "sts:AssumeRoleWithWebIdentity"), nil},
		{"a SAML provider", policy.Trust, trust(`{"Federated": "arn:aws:iam::111111111111:saml-provider/P"}`, "sts:AssumeRoleWithSAML"), nil},
		{"a provider that is none", policy.Trust, trust(`{"Federated": "arn:aws:iam::111111111111:role/r"}`, "sts:AssumeRoleWithSAML"), [][2]string{{`"arn:`, "error INVALID_PRINCIPAL_FORMAT"}, {`"arn:`, "warning MISMATCHED_ACTION_FOR_PRINCIPAL"}}},
		{"a host that is none", policy.Trust, trust(`{"Federated": "google"}`, "sts:AssumeRoleWithWebIdentity"), [][2]string{{`"google"`, "error INVALID_PRINCIPAL_FORMAT"}}},
		{"the wrong action for a provider", policy.Trust, trust(`{"Federated": "accounts.google.com"}`, "sts:AssumeRole"), [][2]string{{`"accounts`, "warning MISMATCHED_ACTION_FOR_PRINCIPAL"}}},
		{"the wrong action for a user", policy.Trust, trust(`{"AWS": "111111111111"}`, "sts:AssumeRoleWithSAML"), [][2]string{{`"111`, "warning MISMATCHED_ACTION_FOR_PRINCIPAL"}}},
		{"everybody in a trust policy", policy.Trust, trust(`"*"`, "sts:*"), [][2]string{{`"*"`, "warning ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.text = strings.Join(strings.Fields(tt.text), " ")
			tt.run(t)
		})
	}
}

func TestParse_sizes(t *testing.T) {
	t.Parallel()
	// document has so many characters, of which 400 are white space.
	document := func(members string, size int) string {
		frame := `{"Version":"2012-10-17","Statement":[{` + members + `,"Condition":{"StringEquals":{"svc:key":""}}}]}` + strings.Repeat(" ", 400)
		return strings.Replace(frame, `:""`, `:"`+strings.Repeat("x", size-len(frame))+`"`, 1)
	}
	const (
		identity = `"Effect":"Deny","Action":"s3:*","Resource":"*"`
		resource = identity + `,"Principal":"*"`
		trust    = `"Effect":"Deny","Action":"sts:*","Principal":"*"`
	)
	tests := []struct {
		name    string
		kind    policy.Kind
		members string
		size    int
		want    string
	}{
		{"a trust policy of the default quota", policy.Trust, trust, 2448, ""},
		{"one above it", policy.Trust, trust, 2449, "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA"},
		{"one of the highest", policy.Trust, trust, 4496, "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA"},
		{"one above that", policy.Trust, trust, 4497, "POLICY_SIZE_EXCEEDS_QUOTA"},
		{"a session policy", policy.Session, identity, 2448, ""},
		{"one too large", policy.Session, identity, 2449, "POLICY_SIZE_EXCEEDS_QUOTA"},
		{"an SCP, whose white space counts", policy.SCP, identity, 5120, ""},
		{"one too large", policy.SCP, identity, 5121, "POLICY_SIZE_EXCEEDS_QUOTA"},
		{"an RCP too large", policy.RCP, resource, 5121, "POLICY_SIZE_EXCEEDS_QUOTA"},
		{"an endpoint policy too large", policy.Endpoint, resource, 20481, "POLICY_SIZE_EXCEEDS_QUOTA"},
		{"a bucket policy", policy.Bucket, resource, 20480, ""},
		{"one too large", policy.Bucket, resource, 20481, "POLICY_SIZE_EXCEEDS_QUOTA"},
		{"an identity policy, whose limit follows from its place", policy.Identity, identity, 100_000, ""},
	}
	for _, tt := range tests {
		text := document(tt.members, tt.size)
		if len(text) != tt.size {
			t.Fatalf("%s: the test made %d characters of %d", tt.name, len(text), tt.size)
		}
		doc, findings := policy.Parse(tt.kind, "", []byte(text))
		var codes []string
		for _, f := range findings {
			codes = append(codes, f.Code)
		}
		if got := strings.Join(codes, " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if doc != nil && (doc.Length != tt.size || doc.Size != tt.size-400) {
			t.Errorf("%s: Length %d, Size %d", tt.name, doc.Length, doc.Size)
		}
	}
}
