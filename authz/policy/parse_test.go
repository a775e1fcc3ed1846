package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// said writes findings as "line:column severity CODE".
func said(findings []policy.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Severity, f.Code))
	}
	return list
}

// statement wraps the members of a statement in a document.
func statement(members string) string {
	return `{"Version": "2012-10-17", "Statement": {` + members + `}}`
}

// at places a finding of a one-line document at the first place where a text
// stands.
func at(document, mark, finding string) string {
	i := strings.Index(document, mark)
	if i < 0 {
		return "no " + mark
	}
	return fmt.Sprintf("1:%d %s", i+1, finding)
}

func TestParse_document(t *testing.T) {
	t.Parallel()
	text := `{
  "Version": "2012-10-17",
  "Id": "two statements",
  "Statement": [
    {
      "Sid": "Readers",
      "Effect": "Allow",
      "Principal": {"AWS": ["111111111111", "arn:aws:iam::111111111111:user/div/alice"], "Service": "sns.amazonaws.com"},
      "Action": ["s3:GetObject", "s3:List*"],
      "Resource": "arn:aws:s3:::bkt/é/*",
      "Condition": {
        "StringLike": {"s3:prefix": ["", "home/"], "aws:UserAgent": "x"},
        "Bool": {"aws:SecureTransport": true},
        "ForAnyValue:NumericEqualsIfExists": {"svc:n": [1, 2.50]}
      }
    },
    {"Effect": "Deny", "NotPrincipal": "*", "NotAction": [], "NotResource": "*"}
  ]
}`
	doc, findings := policy.Parse(policy.Bucket, "bkt.json", []byte(text))
	if policy.HasErrors(findings) {
		t.Fatal(findings)
	}
	pos := func(line, column int) policy.Position { return policy.Position{Line: line, Column: column} }
	v := func(text string, line, column int) policy.Value {
		return policy.Value{Text: text, Position: pos(line, column)}
	}
	want := &policy.Document{
		Kind: policy.Bucket, File: "bkt.json", Version: "2012-10-17", ID: "two statements", Size: doc.Size, Length: len(text) - 1,
		Statements: []policy.Statement{{
			Position: pos(5, 5), Index: 0, Sid: "Readers", Effect: policy.Allow,
			Principals: []policy.Principal{
				{Type: policy.AWS, Value: "111111111111", Position: pos(8, 29)},
				{Type: policy.AWS, Value: "arn:aws:iam::111111111111:user/div/alice", Position: pos(8, 45)},
				{Type: policy.Service, Value: "sns.amazonaws.com", Position: pos(8, 101)},
			},
			Actions:   []policy.Value{v("s3:GetObject", 9, 18), v("s3:List*", 9, 34)},
			Resources: []policy.Value{v("arn:aws:s3:::bkt/é/*", 10, 19)},
			Conditions: []policy.Condition{
				{
					Operator: policy.Operator{Test: policy.StringLike}, OperatorPosition: pos(12, 9),
					Key: "s3:prefix", KeyPosition: pos(12, 24), Values: []policy.Value{v("", 12, 38), v("home/", 12, 42)},
				},
				{
					Operator: policy.Operator{Test: policy.StringLike}, OperatorPosition: pos(12, 9),
					Key: "aws:UserAgent", KeyPosition: pos(12, 52), Values: []policy.Value{v("x", 12, 69)},
				},
				{
					Operator: policy.Operator{Test: policy.Bool}, OperatorPosition: pos(13, 9),
					Key: "aws:SecureTransport", KeyPosition: pos(13, 18), Values: []policy.Value{v("true", 13, 41)},
				},
				{
					Operator: policy.Operator{Set: policy.ForAnyValue, Test: policy.NumericEquals, IfExists: true}, OperatorPosition: pos(14, 9),
					Key: "svc:n", KeyPosition: pos(14, 47), Values: []policy.Value{v("1", 14, 57), v("2.50", 14, 60)},
				},
			},
		}, {
			Position: pos(17, 5), Index: 1, Effect: policy.Deny,
			NotPrincipals: []policy.Principal{{Type: policy.AWS, Value: "*", Position: pos(17, 40)}},
			NotActions:    []policy.Value{}, NotResources: []policy.Value{v("*", 17, 77)},
		}},
	}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"17:58 note EMPTY_ARRAY_NOTACTION"}, said(findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if doc.Size >= doc.Length || doc.Size != len(strings.Join(strings.Fields(text), ""))-1 {
		t.Errorf("Size %d, Length %d", doc.Size, doc.Length)
	}
}

func TestParse_syntax(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 100)
	tests := []struct{ name, text, want, message string }{
		{"nothing", "", "1:1", "ends where a value"},
		{"only space", " \t\r\n\r ", "3:2", "ends where a value"},
		{"a byte-order mark", "\uFEFF{}", "1:1", "byte-order mark"},
		{"not UTF-8", "{\n \"\xff\"", "2:3", "not UTF-8"},
		{"no object", "[]", "1:1", "an array"},
		{"text behind it", "{} {}", "1:4", "after the end"},
		{"a comment", "{ // no\n}", "1:3", "name in double quotes"},
		{"a comment for a value", `{"Statement": /* no */ []}`, "1:15", "no comments"},
		{"single quotes", `{'Statement': []}`, "1:2", "name in double quotes"},
		{"a trailing comma in an object", `{"Statement": [],}`, "1:17", "a comma before '}'"},
		{"a trailing comma in an array", `{"Statement": [{}, ]}`, "1:18", "a comma before ']'"},
		{"no comma", `{"Statement": [] "Id": ""}`, "1:18", "neither a comma"},
		{"no colon", `{"Statement" []}`, "1:14", "no colon"},
		{"no value", `{"Statement":`, "1:14", "ends where a value"},
		{"no closing brace", `{"Statement": []`, "1:17", "ends before '}'"},
		{"no closing bracket", `{"Statement": [`, "1:16", "ends where a value"},
		{"no closing quote", `{"Statement`, "1:2", "no end"},
		{"nor behind an escape", `{"\n`, "1:2", "no end"},
		{"nothing in an object", `{`, "1:2", "name in double quotes"},
		{"a bare word", `{"Statement": none}`, "1:15", `'n' cannot begin`},
		{"a control character", "{\"a\tb\": 1}", "1:4", "control character"},
		{"one behind an escape", "{\"\\na\nb\": 1}", "1:6", "control character"},
		{"an unknown escape", `{"a\x": 1}`, "1:4", "malformed escape"},
		{"a short escape", `{"a\u12": 1}`, "1:4", "malformed escape"},
		{"half a pair", `{"a\ud83d": 1}`, "1:4", "malformed escape"},
		{"the other half", `{"a\ude00\ud83d": 1}`, "1:4", "malformed escape"},
		{"an escape at the end", `{"a\`, "1:4", "malformed escape"},
		{"a leading zero", `{"a": 01}`, "1:7", "malformed number"},
		{"no digits", `{"a": -}`, "1:7", "malformed number"},
		{"no fraction", `{"a": 1.}`, "1:7", "malformed number"},
		{"no exponent", `{"a": 1e+}`, "1:7", "malformed number"},
		{"depth", `{"Statement": ` + deep + `}`, "1:30", "deeper than 16"},
		{"length", `{"Statement": []` + strings.Repeat(" ", policy.MaxLength) + `}`, "1:1", "more than 1048576"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, findings := policy.Parse(policy.Identity, "p.json", []byte(tt.text))
			if doc != nil || len(findings) == 0 {
				t.Fatal("the text is accepted")
			}
			if s := findings[len(findings)-1].String(); !strings.HasPrefix(s, "p.json:"+tt.want+": ") || !strings.Contains(s, tt.message) {
				t.Errorf("%s\nwant %s and %q", s, tt.want, tt.message)
			}
		})
	}
}

func TestParse_escapes(t *testing.T) {
	t.Parallel()
	doc, findings := policy.Parse(policy.Bucket, "", []byte(`{"Version": "2012-10-17", "Id": "a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\uFFFD", "Statement": []}`))
	if doc == nil {
		t.Fatal(findings)
	}
	if want := "a\"\\/\b\f\n\r\téé😀\uFFFD"; doc.ID != want {
		t.Errorf("%q", doc.ID)
	}
}

// All findings come in the order of the text, however grave.
func TestParse_allFindings(t *testing.T) {
	t.Parallel()
	_, findings := policy.Parse(policy.Identity, "p.json", []byte(`{
  "Statement": [
    {"Sid": "a b", "Effect": "Allow", "Action": "GetObject", "Resource": "bkt"},
    {"Sid": "", "Efect": "Deny", "Action": [], "NotAction": "s3:*"},
    7
  ],
  "Statement": []
}`))
	want := []string{
		"1:1 note MISSING_VERSION",
		"3:13 error INVALID_SID",
		"3:49 error INVALID_ACTION",
		"3:74 error INVALID_ARN_PREFIX",
		"4:5 error MISSING_EFFECT",
		"4:5 error MISSING_RESOURCE",
		"4:13 note EMPTY_SID_VALUE",
		"4:17 error INVALID_POLICY_ELEMENT",
		"4:44 note EMPTY_ARRAY_ACTION",
		"4:48 error UNSUPPORTED_ELEMENT_COMBINATION",
		"5:5 error DATA_TYPE_MISMATCH",
		"7:3 error DUPLICATE_ELEMENT",
	}
	if diff := cmp.Diff(want, said(findings)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := findings[7].String(), `p.json:4:17: a statement has no element "Efect"; write "Effect"`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (policy.Finding{File: "f", Line: 1, Column: 2, Message: "m"}).String(); got != "f:1:2: m" {
		t.Errorf("%q", got)
	}
}

// A text of nothing but mistakes costs no more than it is worth, and warnings
// do not push errors out.
func TestParse_manyFindings(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"Version": "2012-10-17", "Statement": [`)
	for i := range 5000 {
		fmt.Fprintf(&b, `{"Effect": "Allow", "Action": "s3:", "Resource": "*", "Condition": {"StringEquals": {"aws:Unknown%d": "x"}}},`, i)
	}
	b.WriteString(`{"Effect": "allow", "Action": "*", "Resource": "*"}]}`)
	doc, findings := policy.Parse(policy.Identity, "", []byte(b.String()))
	if doc != nil || !policy.HasErrors(findings) {
		t.Error("the error at the end is lost")
	}
	if len(findings) > 2000 {
		t.Errorf("%d findings", len(findings))
	}
}

// TestParse_trustOfManyPrincipals measures work by what it allocates: principals
// times actions would be some 100 million patterns here.
func TestParse_trustOfManyPrincipals(t *testing.T) {
	const n = 10_000
	list := func(value string) string { return `["` + strings.Repeat(value+`","`, n) + value + `"]` }
	text := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":` + list("*") + `},"Action":` + list("sts:a") + `}]}`)
	if got := testing.AllocsPerRun(1, func() { policy.Parse(policy.Trust, "trust.json", text) }); got > 20*n {
		t.Errorf("%.0f allocations for %d principals and actions", got, n)
	}
}

// TestParse_again reads texts at once and one after the other, in ever another order:
// nothing of one may come into another.
func TestParse_again(t *testing.T) {
	t.Parallel()
	many := func(format string, n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(list, ", ")
	}
	texts := []string{
		statement(`"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"`),
		statement(`"Effect": "Deny", "Action": ["s3:*", "sqs:*"], "Resource": ["*"], "Condition": {"StringEquals": {"a:b": ["c", "d"], "e:f": []}}`),
		statement(`"Effect": "Allow", "Action": [` + many(`"s3:Get%d*"`, 300) + `], "Resource": [` + many(`"arn:aws:s3:::b%d"`, 2000) + `]`),
		statement(`"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringLike": {` + many(`"k:%d": ["v"]`, 100) + `, "k:7": "w"}}`),
		`{"Version": "2012-10-17", "Statement": [` + many(`{"Sid": "S%d", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, 50) + `]}`,
		`{"Version": "2012-10-17", "Statement": [{"Effect": ["Allow", {"a": ["b"`,
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Effect": "Deny"}], "Statement": []}`,
		`[[[[]]], {}]`,
	}
	type result struct {
		Document *policy.Document
		Findings []policy.Finding
	}
	parse := func(i int) result {
		doc, findings := policy.Parse(policy.Identity, "p.json", []byte(texts[i]))
		return result{doc, findings}
	}
	alone := make([]result, len(texts))
	for i := range texts {
		alone[i] = parse(i)
	}
	for step := range 4 {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			t.Parallel()
			var last []result
			for k := range 5 * len(texts) {
				last = append(last, parse(k*(2*step+1)%len(texts)))
			}
			for k := range last {
				if d := cmp.Diff(alone[k*(2*step+1)%len(texts)], last[k]); d != "" {
					t.Errorf("text %d:\n%s", k*(2*step+1)%len(texts), d)
				}
			}
		})
	}
}
