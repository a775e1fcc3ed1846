package cache_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// parse compiles a policy.
func parse(tb testing.TB, kind policy.Kind, text string) *authz.Document {
	tb.Helper()
	doc, findings := policy.Parse(kind, "policy.json", []byte(text))
	if doc == nil {
		tb.Fatal(findings)
	}
	return authz.Compile(doc)
}

func identity(tb testing.TB, statements ...string) *authz.Policies {
	tb.Helper()
	return authz.NewPolicies(parse(tb, policy.Identity, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
}

func alice(p *authz.Policies) *authz.Caller {
	c := &authz.Caller{
		Type: authz.User, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/alice", ID: "AIDAALICEEXAMPLE",
		Identity: p,
	}
	c.Keys.Set("aws:username", "alice")
	c.Keys.Set("aws:principalaccount", "111111111111")
	c.Keys.Set("aws:principaltype", "User")
	c.Keys.Set("aws:principaltag/team", "blue")
	return c
}

func object() *authz.Access {
	a := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/2026/q1/summary.csv", Account: "111111111111"}
	a.Keys.Set("aws:resourceaccount", "111111111111")
	return a
}

func request() *authz.Request {
	r := &authz.Request{Now: time.Unix(1_767_225_600, 0)}
	r.Keys.Set("aws:sourceip", "203.0.113.7")
	r.Keys.Set("aws:securetransport", "true")
	r.Keys.Set("aws:requestedregion", "us-east-1")
	r.Keys.Set("aws:viaawsservice", "false")
	r.Keys.Set("aws:useragent", "aws-cli/2.0")
	r.Keys.Set("s3:signatureversion", "AWS4-HMAC-SHA256")
	r.Keys.Set("s3:authtype", "REST-HEADER")
	return r
}

func allow(conditions string) string {
	return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*","Condition":{` + conditions + `}}`
}

func list(n int, format string) string {
	var values []string
	for i := range n {
		values = append(values, `"`+fmt.Sprintf(format, i)+`"`)
	}
	return "[" + strings.Join(values, ",") + "]"
}

// BenchmarkDecide compares, for policies of different size: the decision
// evaluated; found; looked up in vain, as a resource never asked for again is;
// and as a cache does it that decides itself what to look up.
func BenchmarkDecide(b *testing.B) {
	small := `"Bool":{"aws:SecureTransport":"true"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`
	tests := []struct {
		name       string
		conditions string
		layers     bool
	}{
		{name: "conditions=0"},
		{name: "conditions=1", conditions: `"Bool":{"aws:SecureTransport":"true"}`},
		{name: "conditions=2", conditions: small},
		{name: "conditions=2,layers=6", conditions: small, layers: true},
		{name: "conditions=5", conditions: small + `,"StringEquals":{"aws:PrincipalTag/team":"blue","aws:UserName":"alice"},"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}`},
		{name: "networks=20", conditions: `"NotIpAddress":{"aws:SourceIp":` + list(20, "10.%d.0.0/16") + `}`},
		{name: "networks=250", conditions: `"NotIpAddress":{"aws:SourceIp":` + list(250, "10.%d.0.0/16") + `}`},
		{name: "patterns=20", conditions: `"StringNotLike":{"aws:UserAgent":` + list(20, "*browser/%d*") + `}`},
		{name: "texts=20", conditions: `"StringNotEquals":{"aws:UserAgent":` + list(20, "browser/%d") + `}`},
		{name: "texts=250", conditions: `"StringNotEquals":{"aws:UserAgent":` + list(250, "browser/%d") + `}`},
	}
	for _, tt := range tests {
		document := `{"Version":"2012-10-17","Statement":` + allow(tt.conditions) + `}`
		attach := func(kind policy.Kind) *authz.Policies { return authz.NewPolicies(parse(b, kind, document)) }
		c, r, a := alice(attach(policy.Identity)), request(), object()
		if tt.layers {
			c.Boundary = attach(policy.Boundary)
			for range 4 {
				c.SCP = append(c.SCP, authz.NewPolicies(parse(b, policy.SCP, strings.Replace(document, "arn:aws:s3:::reports/*", "*", 1))))
			}
		}
		if !authz.Decide(c, r, a).Allowed() {
			b.Fatal("denied")
		}
		b.Run(tt.name+"/evaluated", func(b *testing.B) {
			for b.Loop() {
				authz.Decide(c, r, a)
			}
		})
		run := func(name string, o cache.Options, next func(i int)) {
			b.Run(tt.name+"/"+name, func(b *testing.B) {
				o.MaxBytes = 16 << 20
				k, err := cache.New(o)
				if err != nil {
					b.Fatal(err)
				}
				defer k.Close()
				remember(k, 1, c, r, a)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					next(i)
					k.Decide(1, c, r, a)
				}
			})
		}
		run("hit", cache.Options{MinGain: -1}, func(int) {})
		run("decided", cache.Options{}, func(int) {})
		if tt.name == "patterns=20" {
			resources := make([]string, 1<<16)
			for i := range resources {
				resources[i] = a.Resource + strconv.Itoa(i)
			}
			run("miss", cache.Options{}, func(i int) { a.Resource = resources[i%len(resources)] })
		}
	}
}
