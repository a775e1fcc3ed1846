package policy_test

import (
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	// In rising order; those of one line are equal.
	order := [][]string{
		{"-184467440737095516160"}, {"-10.5"}, {"-10.25"}, {"-10", "-010", "-10.0"}, {"-0.001"},
		{"0", "-0", "+0", "0.0", "-.0", "00"}, {"0.001", ".001", "+.0010"}, {"1", "1.", "01.0"}, {"9"}, {"10", "10.0"}, {"10.25"}, {"184467440737095516160"},
	}
	for i, texts := range order {
		for j, others := range order {
			for _, a := range texts {
				for _, b := range others {
					n, ok1 := policy.ParseNumber(a)
					m, ok2 := policy.ParseNumber(b)
					if !ok1 || !ok2 {
						t.Fatalf("%q or %q is no number", a, b)
					}
					if got := n.Compare(m); sign(got) != sign(i-j) {
						t.Errorf("%q against %q: %d", a, b, got)
					}
				}
			}
		}
	}
	for _, s := range []string{"", ".", "-", "+-1", "1e3", "0x1", "1 ", "１", "1.2.3", "∞"} {
		if _, ok := policy.ParseNumber(s); ok {
			t.Errorf("%q is a number", s)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	default:
		return 0
	}
}

func TestNumber_CompareInt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		v    int64
		want int
	}{
		{"10", 10, 0}, {"10.5", 10, 1}, {"9", 10, -1}, {"100", 99, 1}, {"19", 20, -1},
		{"0", 0, 0}, {"0.5", 0, 1}, {"-0.5", 0, -1}, {"-10", -10, 0}, {"-10.5", -10, -1}, {"-9", -10, 1}, {"-1", 1, -1}, {"1", -1, 1},
		{"-9223372036854775808", -9223372036854775808, 0},
	}
	for _, tt := range tests {
		n, ok := policy.ParseNumber(tt.text)
		if got := sign(n.CompareInt(tt.v)); !ok || got != tt.want {
			t.Errorf("%q against %d: %d, want %d", tt.text, tt.v, got, tt.want)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-02":                        "2024-02-01T00:00:00Z",
		"2024-02-29":                     "2024-02-29T00:00:00Z",
		"2024-02-29T23:59Z":              "2024-02-29T23:59:00Z",
		"2024-02-29T23:59:58Z":           "2024-02-29T23:59:58Z",
		"2024-02-29T23:59:58.5Z":         "2024-02-29T23:59:58.5Z",
		"2024-02-29T23:59:58.123456789Z": "2024-02-29T23:59:58.123456789Z",
		"2024-03-01T01:29:58+01:30":      "2024-02-29T23:59:58Z",
		"2024-02-29T18:59-05:00":         "2024-02-29T23:59:00Z",
		"2024":                           "1970-01-01T00:33:44Z",
		"-1":                             "1969-12-31T23:59:59Z",
		"1704067200":                     "2024-01-01T00:00:00Z",
	} {
		d, ok := policy.ParseDate(text)
		if got := d.UTC().Format(time.RFC3339Nano); !ok || got != want {
			t.Errorf("%q: %s (%t), want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "-", "2024-", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "2024-02-29T", "2024-02-29T24:00Z", "2024-02-29T23:60Z", "2024-02-29T23:59:60Z",
		"2024-02-29T23:59", "2024-02-29T23:59:58", "2024-02-29T23:59:58.Z", "2024-02-29T23:59:58.1234567890Z", "2024-02-29t23:59z", "2024-02-29 23:59Z",
		"2024-02-29T23:59+24:00", "2024-02-29T23:59+01:60", "2024-02-29T23:59+0100", "2024-02-29T23:59ZZ", "24-02-29", "2024/02/29", "99999999999999999999", "9223372036854775807", "1.5",
	} {
		if d, ok := policy.ParseDate(text); ok {
			t.Errorf("%q is %s", text, d)
		}
	}
}

func TestParsePrefix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.77":             "203.0.113.77/32",
		"203.0.113.77/24":          "203.0.113.0/24",
		"2001:DB8::1":              "2001:db8::1/128",
		"2001:db8:1:2:3::/64":      "2001:db8:1:2::/64",
		"::ffff:203.0.113.77":      "203.0.113.77/32",
		"::ffff:203.0.113.77/120":  "203.0.113.0/24",
		"::ffff:0:0/90":            "::ffc0:0:0/90", // wider than IPv4, and so IPv6
		"0.0.0.0/0":                "0.0.0.0/0",
		"0000:0000::0000:ffff:1:1": "0.1.0.1/32",
	} {
		p, ok := policy.ParsePrefix(text)
		if !ok || p.String() != want {
			t.Errorf("%q: %s (%t), want %s", text, p, ok, want)
		}
	}
	for _, text := range []string{"", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "fe80::1%eth0", "fe80::%eth0/64", "010.0.0.1", "::/129", "alice"} {
		if p, ok := policy.ParsePrefix(text); ok {
			t.Errorf("%q is %s", text, p)
		}
	}
}

func TestParseBool(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{
		"true": {true, true}, "TRUE": {true, true}, "false": {false, true}, "False": {false, true},
		"": {}, "yes": {}, "1": {}, "true ": {}, "falſe": {}, "trux": {},
	} {
		if v, ok := policy.ParseBool(text); v != want[0] || ok != want[1] {
			t.Errorf("%q: %t, %t", text, v, ok)
		}
	}
}

func TestParseBinary(t *testing.T) {
	t.Parallel()
	if b, ok := policy.ParseBinary("QmFzZTY0"); !ok || string(b) != "Base64" {
		t.Errorf("%q, %t", b, ok)
	}
	for _, text := range []string{"Q", "YQ", "YQ=", "Y Q=", "YQ==\n", "_-=="} {
		if _, ok := policy.ParseBinary(text); ok {
			t.Errorf("%q is base64", text)
		}
	}
}

func TestParseOperator(t *testing.T) {
	t.Parallel()
	for set := policy.NoSet; set <= policy.ForAnyValue; set++ {
		for test := policy.StringEquals; test <= policy.Null; test++ {
			for _, ifExists := range []bool{false, true} {
				want := policy.Operator{Set: set, Test: test, IfExists: ifExists}
				got, ok := policy.ParseOperator(want.String())
				if exists := test != policy.Null || !ifExists; ok != exists || ok && got != want {
					t.Errorf("%s: %+v, %t", want, got, ok)
				}
			}
		}
	}
	if op, _ := policy.ParseOperator("ForAllValues:StringNotLikeIfExists"); !op.Negated() {
		t.Error("StringNotLike is not negated")
	}
	if op, _ := policy.ParseOperator("BoolIfExists"); op.Negated() {
		t.Error("Bool is negated")
	}
	for _, text := range []string{"", "IfExists", "ForAnyValue:", "StringEqualsifexists", "Stringequals", "StringEqualsIfExistsIfExists", "NotBool", "ForAnyValue: Bool"} {
		if op, ok := policy.ParseOperator(text); ok {
			t.Errorf("%q is %s", text, op)
		}
	}
}

func TestMatchAction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, action string
		want            bool
	}{
		{"*", "s3:GetObject", true},
		{"*", "", true},
		{"s3:GetObject", "S3:getOBJECT", true},
		{"S3:GETOBJECT", "s3:GetObject", true},
		{"s3:Get*", "s3:GetObject", true},
		{"s3:Get*", "s3:PutObject", false},
		{"s3:*Object", "s3:GetObject", true},
		{"s3:*Object", "s3:GetObjectAcl", false},
		{"iam:*AccessKey*", "iam:UpdateAccessKey", true},
		{"s3:Get?bject", "s3:GetObject", true},
		{"s3:Get?Object", "s3:GetObject", false},
		{"s3:Gét?", "s3:Gété", true},
		{"s3:*", "s3:", true},
		{"s3:*", "s3express:GetObject", false},
		{"s3:*t*t", "s3:GetObject", true},
		{"s3:*t*x", "s3:GetObject", false},
		{"s3:", "s3:", false},
		{"s*:GetObject", "s3:GetObject", false},
		{"*:*", "s3:GetObject", false},
		{"**", "s3:GetObject", false},
		{":GetObject", ":GetObject", false},
		{"s3:Get Object", "s3:Get Object", false},
		{"GetObject", "GetObject", false},
	}
	for _, tt := range tests {
		if got := policy.MatchAction(tt.pattern, tt.action); got != tt.want {
			t.Errorf("%q on %q: %t", tt.pattern, tt.action, got)
		}
	}
}

func TestStatement_CanMatchAction(t *testing.T) {
	t.Parallel()
	list := func(texts ...string) []policy.Value {
		values := []policy.Value{}
		for _, text := range texts {
			values = append(values, policy.Value{Text: text})
		}
		return values
	}
	tests := []struct {
		statement policy.Statement
		want      bool
	}{
		{policy.Statement{Actions: list("iam:*", "s3:Get*")}, true},
		{policy.Statement{Actions: list("iam:*")}, false},
		{policy.Statement{Actions: list()}, false},
		{policy.Statement{NotActions: list("iam:*")}, true},
		{policy.Statement{NotActions: list("iam:*", "s3:*")}, false},
		{policy.Statement{NotActions: list()}, false},
		{policy.Statement{}, false},
	}
	for i, tt := range tests {
		if got := tt.statement.CanMatchAction("s3:GetObject"); got != tt.want {
			t.Errorf("%d: %t", i, got)
		}
	}
}

func TestActionPattern(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]struct {
		service string
		exact   bool
	}{"*": {"", false}, "S3:GetObject": {"s3", true}, "s3:Get?": {"s3", false}} {
		p, ok := policy.ParseAction(pattern)
		if _, exact := p.Exact(); !ok || exact != want.exact || p.Service() != want.service {
			t.Errorf("%q: %q, %t", pattern, p.Service(), exact)
		}
	}
}

// TestNumber_String: equal numbers have equal texts, and others have others.
func TestNumber_String(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "+0.0": "0", "036": "36", "+36.": "36", "36.50": "36.5", "-36": "-36", "3.6": "3.6", "-.5": "-0.5", "x": "", "0.05": "0.05",
	} {
		n, ok := policy.ParseNumber(text)
		if ok != (want != "") || ok && n.String() != want {
			t.Errorf("%q is %q, %t, want %q", text, n, ok, want)
		}
	}
}
