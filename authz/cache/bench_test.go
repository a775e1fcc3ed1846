package cache_test

import (
	"fmt"
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

func BenchmarkDecide(b *testing.B) {
	tests := []struct {
		name     string
		policies *authz.Policies
	}{
		{"conditions=0", identity(b, allow(``))},
		{"conditions=1", identity(b, allow(`"Bool":{"aws:SecureTransport":"true"}`))},
		{"conditions=3", identity(b, allow(`"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:PrincipalTag/team":"blue"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`))},
		{"conditions=6", identity(b, allow(`"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:PrincipalTag/team":"blue","aws:RequestedRegion":"us-east-1","aws:UserName":"alice"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}`))},
		{"networks=10", identity(b, allow(`"IpAddress":{"aws:SourceIp":["203.0.113.0/24",`+list(10, "10.%d.0.0/16")[1:]+`},"NotIpAddress":{"aws:SourceIp":`+list(10, "10.%d.0.0/16")+`}`))},
		{"networks=20", identity(b, allow(`"NotIpAddress":{"aws:SourceIp":`+list(20, "10.%d.0.0/16")+`}`))},
		{"networks=50", identity(b, allow(`"NotIpAddress":{"aws:SourceIp":`+list(50, "10.%d.0.0/16")+`}`))},
		{"networks=250", identity(b, allow(`"NotIpAddress":{"aws:SourceIp":`+list(250, "10.%d.0.0/16")+`}`))},
		{"globs=10", identity(b, allow(`"StringNotLike":{"aws:UserAgent":`+list(10, "*browser/%d*")+`}`))},
		{"globs=20", identity(b, allow(`"StringNotLike":{"aws:UserAgent":`+list(20, "*browser/%d*")+`}`))},
		{"equals=20", identity(b, allow(`"StringNotEquals":{"aws:UserAgent":`+list(20, "browser/%d")+`}`))},
		{"equals=100", identity(b, allow(`"StringNotEquals":{"aws:UserAgent":`+list(100, "browser/%d")+`}`))},
		{"dates=20", identity(b, allow(`"DateNotEquals":{"aws:CurrentTime":`+list(20, "2020-01-%02dT00:00:00Z")[:0]+`["2020-01-01T00:00:00Z","2020-01-02T00:00:00Z","2020-01-03T00:00:00Z","2020-01-04T00:00:00Z","2020-01-05T00:00:00Z","2020-01-06T00:00:00Z","2020-01-07T00:00:00Z","2020-01-08T00:00:00Z","2020-01-09T00:00:00Z","2020-01-10T00:00:00Z"]}`))},
	}
	for _, tt := range tests {
		c, r, a := alice(tt.policies), request(), object()
		b.Run(tt.name+"/evaluated", func(b *testing.B) {
			for b.Loop() {
				authz.Decide(c, r, a)
			}
		})
		for _, least := range []int{-1000, cache.MinGain} {
			b.Run(fmt.Sprintf("%s/hit/least=%d", tt.name, least), func(b *testing.B) {
				k, err := cache.New(cache.Options{MaxBytes: 8 << 20, MinGain: least})
				if err != nil {
					b.Fatal(err)
				}
				defer k.Close()
				for range 3 {
					k.Decide(1, c, r, a)
					k.Wait()
				}
				b.ReportAllocs()
				for b.Loop() {
					k.Decide(1, c, r, a)
				}
			})
		}
	}
}
