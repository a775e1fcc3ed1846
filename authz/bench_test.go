package authz_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// shapes are ways to spread n statements over documents.
var shapes = []struct {
	name      string
	documents func(n int) int
}{
	{"1xN", func(int) int { return 1 }},
	{"Nx1", func(n int) int { return n }},
	{"100xN", func(n int) int { return min(n, 100) }},
}

// kinds are ways in which many statements differ, so that few can match.
var kinds = []struct {
	name      string
	statement func(i int) policy.Statement
}{
	{"actions", func(i int) policy.Statement {
		return allow(fmt.Sprintf("s3:Get%07d*", i), "arn:aws:s3:::bucket/*")
	}},
	{"services", func(i int) policy.Statement {
		return allow(fmt.Sprintf("svc%d:Get*", i), "*")
	}},
	{"buckets", func(i int) policy.Statement {
		return allow("s3:GetObject", fmt.Sprintf("arn:aws:s3:::bucket-%07d/${aws:username}/*", i))
	}},
	{"wildcards", func(i int) policy.Statement {
		return allow("s3:*", fmt.Sprintf("arn:aws:s3:::bucket-%07d/*", i))
	}},
}

func allow(action, resource string) policy.Statement {
	return policy.Statement{Effect: policy.Allow, Actions: value(action), Resources: value(resource)}
}

// spread makes documents of n statements.
func spread(n, documents int, statement func(i int) policy.Statement) []*authz.Document {
	docs := make([]*authz.Document, documents)
	for d := range docs {
		doc := &policy.Document{Version: policy.Version2012}
		for i := d * n / documents; i < (d+1)*n/documents; i++ {
			s := statement(i)
			s.Index = len(doc.Statements)
			doc.Statements = append(doc.Statements, s)
		}
		docs[d] = authz.Compile(doc)
	}
	return docs
}

// wanted is an access that the last of n statements allows, or none.
func wanted(kind string, n int, matching bool) *authz.Access {
	a := object()
	last := n - 1
	if !matching {
		last = n
	}
	switch kind {
	case "actions":
		a.Action, a.Resource = fmt.Sprintf("s3:Get%07dThing", last), "arn:aws:s3:::bucket/alice/key"
	case "services":
		a.Action = fmt.Sprintf("svc%d:GetThing", last)
	default:
		a.Resource = fmt.Sprintf("arn:aws:s3:::bucket-%07d/alice/key", last)
	}
	return a
}

// BenchmarkDecide shows that the cost of a decision follows its candidates: one
// here, of up to 100,000 statements.
func BenchmarkDecide(b *testing.B) {
	b.Run("ordinary", func(b *testing.B) {
		c, r, a := ordinary(b)
		b.ReportAllocs()
		for b.Loop() {
			authz.Decide(c, r, a)
		}
	})
	for _, kind := range kinds {
		for _, shape := range shapes {
			for n := 10; n <= 100_000; n *= 10 {
				c := alice(authz.NewPolicies(spread(n, shape.documents(n), kind.statement)...))
				c.Keys.Set("aws:username", "alice")
				for _, matching := range []bool{true, false} {
					outcome := map[bool]string{true: "last", false: "none"}[matching]
					b.Run(fmt.Sprintf("%s/%s/%d/%s", kind.name, shape.name, n, outcome), func(b *testing.B) {
						a := wanted(kind.name, n, matching)
						b.ReportAllocs()
						for b.Loop() {
							if authz.Decide(c, &authz.Request{}, a).Allowed() != matching {
								b.Fatal("wrong")
							}
						}
					})
				}
			}
		}
	}
}

// BenchmarkCompile makes what 10,000 principals need who share managed policies:
// 100,000 statements in all.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		managed := spread(80_000, 2_000, kinds[2].statement)
		var library authz.Library
		principals := make([]*authz.Policies, 10_000)
		for i := range principals {
			docs := spread(2, 1, func(j int) policy.Statement { return kinds[2].statement(2*i + j) })
			for j := range 10 {
				docs = append(docs, managed[(i/20*7+j*13)%len(managed)])
			}
			principals[i] = library.Policies(docs...)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/100_000, "B/statement")
		runtime.KeepAlive(principals)
	}
}

// conditional is a decision by a statement of seven conditions in a context of
// twenty keys.
func conditional(t testing.TB) (*authz.Caller, *authz.Request, *authz.Access) {
	c := alice(authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {
		"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]},
		"NumericLessThanEquals": {"s3:max-keys": "100"},
		"StringEquals": {"aws:PrincipalTag/Team": ["Storage", "Compute"]},
		"StringLike": {"aws:UserAgent": ["aws-cli/*", "*Boto3*"]},
		"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"},
		"Bool": {"aws:SecureTransport": "true"},
		"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}}`)))
	for _, key := range []string{"aws:username", "aws:userid", "aws:principalaccount", "aws:principaltype", "aws:principalisawsservice", "aws:principalorgid"} {
		c.Keys.Set(key, "x")
	}
	c.Keys.Set("aws:principalarn", c.ARN)
	c.Keys.Set("aws:principaltag/team", "Storage")
	r := &authz.Request{Now: time.Unix(1714566600, 0)}
	for _, key := range []string{"aws:requestedregion", "aws:viaawsservice", "aws:referer", "s3:authtype", "s3:signatureversion", "s3:tlsversion"} {
		r.Keys.Set(key, "x")
	}
	r.Keys.Set("aws:sourceip", "203.0.113.10")
	r.Keys.Set("aws:useragent", "Boto3/1.34 md/Botocore#1.34 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.12")
	r.Keys.Set("aws:securetransport", "true")
	a := object()
	a.Keys.Set("s3:prefix", "home/")
	a.Keys.Set("s3:delimiter", "/")
	a.Keys.Set("s3:max-keys", "10")
	return c, r, a
}

func BenchmarkDecide_conditions(b *testing.B) {
	c, r, a := conditional(b)
	b.ReportAllocs()
	for b.Loop() {
		if !authz.Decide(c, r, a).Allowed() {
			b.Fatal("denied")
		}
	}
}
