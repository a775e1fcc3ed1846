package sts_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/wire"
)

const account = "111122223333"

// formFields are those of a form as SDKs send them.
var formFields = []string{"content-type: application/x-www-form-urlencoded"}

var mapper = sts.New(sts.Options{SAML: true})

func place() action.Place {
	return action.Place{Route: "sts", Partition: "aws", Region: "us-east-1", Caller: account}
}

// newRequest makes a request as a door would; fields are "name: value".
func newRequest(tb testing.TB, method, target string, fields ...string) *wire.Request {
	tb.Helper()
	req, refusal := parse(method, target, fields...)
	if refusal != nil {
		tb.Fatalf("%s %s does not parse: %v", method, target, refusal)
	}
	return req
}

func parse(method, target string, fields ...string) (*wire.Request, *wire.Refusal) {
	path, rawQuery, hasQuery, refusal := wire.ParseTarget(target)
	if refusal != nil {
		return nil, refusal
	}
	query, refusal := wire.ParseQuery(rawQuery)
	if refusal != nil {
		return nil, refusal
	}
	req := &wire.Request{Method: method, Scheme: "https", Host: "sts.example.com", Path: path, RawQuery: rawQuery, HasQuery: hasQuery, Query: query}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Fields.Add(name, value)
	}
	return req, nil
}

// read recognises a request and reads its body.
func read(m *sts.Mapper, req *wire.Request, body string) (action.Operation, action.Credential, *wire.Refusal) {
	op, refusal := m.Recognise(req, place())
	if refusal != nil {
		return op, action.Credential{}, refusal
	}
	credential, refusal := op.FromBody(req, &op, []byte(body))
	return op, credential, refusal
}

// post reads a form.
func post(tb testing.TB, body string) (action.Operation, action.Credential, *wire.Refusal) {
	tb.Helper()
	return read(mapper, newRequest(tb, "POST", "/", formFields...), body)
}

// get reads the same parameters in a query, where a space is %20.
func get(tb testing.TB, body string) (action.Operation, action.Credential, *wire.Refusal) {
	tb.Helper()
	return read(mapper, newRequest(tb, "GET", "/?"+strings.ReplaceAll(body, "+", "%20")), "")
}

// with is the beginning of a form of an operation.
func with(operation, rest string) string {
	return "Action=" + operation + "&Version=2011-06-15" + rest
}

const (
	role      = "arn:aws:iam::111122223333:role/reader"
	roleParam = "&RoleArn=" + role
	assume    = roleParam + "&RoleSessionName=s1"
)
