package authz_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// hostile are documents of the size that AWS allows for a managed policy, each
// made to cost as much as it can on an object with the longest name.
var hostile = []struct {
	name string
	// statement repeated, or one with entry repeated in the place of each @, fills
	// a document; # is a number.
	statement, entry string
}{
	{"statements on everything", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"a:b":"false"}}}`, ""},
	{"conditions", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":[@]},"Bool":{"aws:SecureTransport":"false"}}}`, `"*a#*"`},
	{"addresses", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":[@]}}}`, `"10.1.#.1"`},
	{"values", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":[@]}}}`, `"u#"`},
	{"values in any case", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:UserAgent":[@]}}}`, `"aA#"`},
	{"base64", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"BinaryEquals":{"aws:UserAgent":[@]}}}`, `"YWFh"`},
	{"common prefixes", `{"Effect":"Allow","Action":"s3:*","Resource":[@]}`, `"arn:aws:s3:::bkt/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#*b"`},
	{"a star and a letter", `{"Effect":"Allow","Action":"s3:*","Resource":[@]}`, `"arn:*b"`},
	{"stars around letters", `{"Effect":"Allow","Action":"s3:*","Resource":[@]}`, `"arn:*ab*"`},
	{"variables", `{"Effect":"Allow","Action":"s3:*","Resource":[@]}`, `"arn:aws:s3:::*${aws:username}*b*"`},
	{"many stars in one pattern", `{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::*@b*","arn:aws:s3:::*@?b*","arn:aws:s3:::*@ab*"]}`, `a*`},
	{"stars and question marks", `{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::@b*","arn:aws:s3:::@?b*","arn:aws:s3:::@ab*"]}`, `*?`},
	{"question marks in pieces", `{"Effect":"Allow","Action":"s3:*","Resource":[@]}`, `"arn:aws:s3:::*a?a?a?a?a?a?a?b*"`},
	{"one long piece", `{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::*@b*","arn:aws:s3:::*@?b*","arn:aws:s3:::*@a?b*","arn:aws:s3:::*@??b*"]}`, `a?`},
	{"not these", `{"Effect":"Deny","NotAction":"iam:*","NotResource":[@]}`, `"arn:*ab*"`},
}

// hostileDocument fills a document up to a size.
func hostileDocument(t testing.TB, statement, entry string, size int) *authz.Document {
	t.Helper()
	const head, tail = `{"Version":"2012-10-17","Statement":[`, `]}`
	var text string
	repeated := func(s, separator string, room int) string {
		var list []string
		for i := 0; room > 0; i++ {
			item := strings.ReplaceAll(s, "#", fmt.Sprint(i%256))
			if room -= len(item) + len(separator); room > 0 {
				list = append(list, item)
			}
		}
		return strings.Join(list, separator)
	}
	room := size - len(head) - len(tail)
	switch separator := ","; {
	case strings.Count(statement, "@") > 1:
		n := strings.Count(statement, "@")
		text = strings.ReplaceAll(statement, "@", strings.Repeat(entry, min((room-len(statement))/n/len(entry), 900/len(strings.ReplaceAll(entry, "*", "")))))
	case entry == "":
		text = repeated(statement, separator, room)
	default:
		text = strings.Replace(statement, "@", repeated(entry, separator, room-len(statement)), 1)
	}
	doc, findings := policy.Parse(policy.Identity, "hostile.json", []byte(head+text+tail))
	if doc == nil || doc.Size > size {
		t.Fatalf("%d characters: %v", len(head+text+tail), findings)
	}
	return authz.Compile(doc)
}

// hostileQuestion asks about an object with the longest name, and all of its
// characters alike.
func hostileQuestion(docs ...*authz.Document) (*authz.Caller, *authz.Request, *authz.Access) {
	c, r, a := alice(authz.NewPolicies(docs...)), &authz.Request{}, object()
	c.Keys.Set("aws:username", "aaaaaaaaaaaaaaaa")
	r.Keys.Set("aws:useragent", strings.Repeat("a", 1024))
	r.Keys.Set("aws:sourceip", "203.0.113.10")
	a.Resource = "arn:aws:s3:::bkt/" + strings.Repeat("a", 1024)
	return c, r, a
}

// BenchmarkDecide_hostile shows what the documents cost that are made to cost:
// one managed policy, and as many as a user can have.
func BenchmarkDecide_hostile(b *testing.B) {
	for _, tt := range hostile {
		d := hostileDocument(b, tt.statement, tt.entry, policy.MaxManagedSize)
		for _, n := range []int{1, 10} {
			b.Run(fmt.Sprintf("%s/%d", tt.name, n), func(b *testing.B) {
				docs := make([]*authz.Document, n)
				for i := range docs {
					docs[i] = authz.Compile(d.Source())
				}
				c, r, a := hostileQuestion(docs...)
				b.ReportAllocs()
				for b.Loop() {
					if authz.Decide(c, r, a).Allowed() {
						b.Fatal("allowed")
					}
				}
			})
		}
	}
}

// TestDecide_hostile decides by such documents as the plain evaluator does, in
// its time: of a size that it can bear.
func TestDecide_hostile(t *testing.T) {
	t.Parallel()
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, r, a := hostileQuestion(hostileDocument(t, tt.statement, tt.entry, 600))
			for _, key := range []string{strings.Repeat("a", 300), strings.Repeat("ab", 150), "aéb", strings.Repeat("aé", 150) + "b"} {
				a.Resource = "arn:aws:s3:::bkt/" + key
				r.Keys.Set("aws:useragent", key)
				compareEvaluators(t, c, r, a)
			}
		})
	}
}
