package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestSimulateRefuses looks at what a line may not be; the scripts show whole
// answers.
func TestSimulateRefuses(t *testing.T) {
	t.Parallel()
	const (
		nobody   = `"principal": {"type": "anonymous"}`
		target   = `"resource": {"arn": "*", "account": "111122223333"}`
		complete = nobody + `, "action": "a:B", ` + target
	)
	manyKeys := make([]string, maxKeys+1)
	for i := range manyKeys {
		manyKeys[i] = fmt.Sprintf(`"a:%d": ""`, i)
	}
	tests := []struct{ name, line, want string }{
		{"byte-order mark", "\ufeff{" + complete + "}", "column 1: an object is expected"},
		{"other encoding", "{\"id\": \"\xff\", " + complete + "}", "the line is not UTF-8"},
		{"comma at the end", "{" + complete + ",}", "a member's name in double quotes is expected"},
		{"comma at the end of a list", `{"context": {"a:b": ["x",]}, ` + complete + "}", "no JSON value"},
		{"no comma", `{"id": 1 "action": "a:B"}`, "column 10: ',' or '}' is expected"},
		{"no colon", `{"id" 1}`, "column 7: ':' is expected"},
		{"name without quotes", `{id: 1}`, "a member's name in double quotes"},
		{"single quotes", `{'id': 1}`, "a member's name in double quotes"},
		{"comment", `{"id": 1, // the first` + "\n}", "a member's name in double quotes"},
		{"number with a leading zero", `{"id": 01}`, "no JSON value"},
		{"number with a sign", `{"id": +1}`, "no JSON value"},
		{"not a number", `{"id": NaN}`, "no JSON value"},
		{"half a word", `{"id": nul}`, "no JSON value"},
		{"control character", "{\"id\": \"a\tb\"}", "a control character in a string"},
		{"control character behind an escape", "{\"id\": \"\\n\tb\"}", "a control character in a string"},
		{"unknown escape", `{"id": "\x41"}`, "malformed escape"},
		{"short escape", `{"id": "\u12"}`, "malformed escape"},
		{"signed escape", `{"id": "\u+123"}`, "malformed escape"},
		{"high surrogate alone", `{"id": "\ud83d\u0041"}`, "malformed escape"},
		{"low surrogate alone", `{"id": "\ude00"}`, "malformed escape"},
		{"backslash at the end", `{"id": "\`, "malformed escape"},
		{"string without an end", `{"id": "a`, "the string has no end"},
		{"escaped string without an end", `{"id": "\n`, "the string has no end"},
		{"object without an end", `{"policies": {"resource": {"a": ["}`, "the value has no end"},
		{"second value", "{" + complete + "} 1", "text after the end of the object"},
		{"case of a member", `{"ID": 1, ` + complete + "}", `unknown member "ID"`},
		{"escaped name twice", `{"id": 1, "\u0069d": 2, ` + complete + "}", `the member "id" stands twice`},
		{"null twice", `{"id": null, "id": 2, ` + complete + "}", `the member "id" stands twice`},
		{"boolean", `{"id": true, ` + complete + "}", "id: a boolean; write a string or a number"},
		{"empty action", "{" + nobody + `, "action": "", ` + target + "}", "action: missing"},
		{"action without a prefix", "{" + nobody + `, "action": "GetObject", ` + target + "}", `"GetObject" is no action`},
		{"action with white space", "{" + nobody + `, "action": "s3:GetObject ", ` + target + "}", `"s3:GetObject " is no action`},
		{"no ARN of a resource", "{" + nobody + `, "action": "a:B", "resource": {"account": "111122223333"}}`, "resource.arn: missing"},
		{"no account of a resource", "{" + nobody + `, "action": "a:B", "resource": {"arn": "*"}}`, "resource.account: missing"},
		{"short ARN", "{" + nobody + `, "action": "a:B", "resource": {"arn": "arn:aws:s3:::", "account": "111122223333"}}`, `"arn:aws:s3:::" is no ARN`},
		{"type of principal", `{"principal": {}, "action": "a:B", ` + target + "}", "principal.type: missing"},
		{"service without a name", `{"principal": {"type": "service"}, "action": "a:B", ` + target + "}", "principal.arn: missing"},
		{"two names of a service", `{"principal": {"type": "service", "arn": "a.amazonaws.com", "provider_arn": "b.amazonaws.com"}, "action": "a:B", ` + target + "}", "not the service that principal.arn names"},
		{"account of a service", `{"principal": {"type": "service", "arn": "a.amazonaws.com", "account": "x"}, "action": "a:B", ` + target + "}", `principal.account: "x" is no account id`},
		{"user without a name", `{"principal": {"type": "user", "account": "111122223333"}, "action": "a:B", ` + target + "}", "principal.arn: missing"},
		{"session without a name", `{"principal": {"type": "assumed-role", "arn": "arn:aws:sts::111122223333:assumed-role/app", "account": "111122223333"}, "action": "a:B", ` + target + "}", "does not name what"},
		{"too many keys", `{"context": {` + strings.Join(manyKeys, ", ") + "}, " + complete + "}", "context: more than 1000 condition keys"},
		{"too many problems", "{" + strings.Repeat(`"x": 1, `, 1000) + complete + "}", "; and more"},
		{
			"an rcp that allows with a condition",
			`{"policies": {"rcp": [[{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}]]}, ` + complete + "}",
			"policies.rcp[0][0]:1:",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newSimulator().simulate(&numberedLine{number: 7, text: tt.line})
			if r.Decision != "error" || !strings.HasPrefix(r.Error, "line 7: ") || !strings.Contains(r.Error, tt.want) {
				t.Errorf("%+v, want the error %q", r, tt.want)
			}
			if len(r.Error) > 4000 {
				t.Errorf("the error has %d bytes", len(r.Error))
			}
		})
	}
	if r := newSimulator().simulate(&numberedLine{number: 7, text: " {" + complete + "}\r"}); r.Decision != "implicit_deny" {
		t.Errorf("%+v, want a decision", r)
	}
}

// TestSimulateMissingKeys puts a condition into each layer, bound and not.
func TestSimulateMissingKeys(t *testing.T) {
	t.Parallel()
	const (
		user    = `{"type": "user", "arn": "arn:aws:iam::111122223333:user/alice", "account": "111122223333"}`
		session = `{"type": "assumed-role", "arn": "arn:aws:sts::111122223333:assumed-role/app/s", "account": "111122223333"}`
		service = `{"type": "service", "provider_arn": "logs.amazonaws.com"}`
		nobody  = `{"type": "anonymous", "arn": "anonymous", "account": "anonymous"}`
		root    = `{"type": "root", "arn": "arn:aws:iam::111122223333:root", "account": "111122223333"}`
	)
	policies := func(layers ...string) string {
		var members []string
		for _, layer := range layers {
			principal := ""
			switch layer {
			case "resource", "rcp", "vpce":
				principal = `"Principal": "*", `
			}
			document := `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", ` + principal +
				`"Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"of:` + layer + `": "true"}}}]}`
			switch layer {
			case "resource":
			case "scp", "rcp":
				document = "[[" + document + "]]"
			default:
				document = "[" + document + "]"
			}
			members = append(members, `"`+layer+`": `+document)
		}
		return "{" + strings.Join(members, ", ") + "}"
	}
	all := policies("identity", "resource", "boundary", "session", "scp", "rcp", "vpce")
	tests := []struct{ name, principal, policies, want string }{
		{"user", user, all, "[of:boundary of:identity of:rcp of:resource of:scp of:vpce]"},
		{"session", session, all, "[of:boundary of:identity of:rcp of:resource of:scp of:session of:vpce]"},
		{"service", service, all, "[of:rcp of:resource of:vpce]"},
		{"anonymous", nobody, all, "[of:rcp of:resource of:vpce]"},
		{"root", root, all, "[of:rcp of:resource of:scp of:vpce]"},
		{
			"exempt by NotPrincipal", user,
			`{"resource": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:user/alice"]}, "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "true"}}}]}}`,
			"[]",
		},
		{
			"a boundary exempts nobody", user,
			`{"boundary": [{"Version": "2012-10-17", "Statement": []}], "resource": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:user/alice"]}, "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "true"}}}]}}`,
			"[a:b]",
		},
		{
			"escapes and defaults", user,
			`{"identity": [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": ["arn:aws:s3:::bkt/${*}/${A:B, 'x'}", "arn:aws:s3:::bkt/${A:C}"]}, {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::bkt/${*}${a:d}"}]}]}`,
			"[A:B A:C]",
		},
		{
			"statements without effect", user,
			`{"identity": [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "NotResource": [], "Condition": {"Bool": {"a:b": "true"}}}, {"Effect": "Allow", "Action": "*", "Resource": [], "Condition": {"Bool": {"a:b": "true"}}}]}]}`,
			"[]",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf(`{"principal": %s, "action": "s3:GetObject", "resource": {"arn": "arn:aws:s3:::bkt/k", "account": "111122223333"}, "policies": %s}`, tt.principal, tt.policies)
			r := newSimulator().simulate(&numberedLine{number: 1, text: line})
			if got := fmt.Sprint(r.MissingKeys); got != tt.want || r.Error != "" {
				t.Errorf("%s, want %s: %+v", got, tt.want, r)
			}
		})
	}
}
