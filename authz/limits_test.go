package authz_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// attack fills all documents that AWS's limits let one decision have, in a way
// that costs as much as it can.
type attack struct {
	name string
	// statement has @ in the place of a list of entries, which fills a document.
	// Without @ it is repeated itself, with # for the number of each.
	statement string
	// entry is the number-th entry of all documents, in quotes.
	entry func(number int) string
	// key is that of the object, agent the client's name.
	key, agent string
}

const longestKey = 1024

// deBruijn is a text of up to n characters in which no part of k characters
// stands twice, of as few different letters as that takes.
func deBruijn(n, k int, letters string) string {
	var b strings.Builder
	seen := map[string]bool{}
	text := strings.Repeat(letters[:1], k)
	b.WriteString(text)
	for b.Len() < n {
		s := b.String()
		last := s[len(s)-k+1:]
		found := false
		for i := len(letters) - 1; i >= 0; i-- {
			if part := last + letters[i:i+1]; !seen[part] {
				seen[part], found = true, true
				b.WriteByte(letters[i])
				break
			}
		}
		if !found {
			break
		}
	}
	return b.String()
}

const (
	onResources = `{"Effect":"Deny","Action":"s3:*","Resource":[@]}`
	onAgents    = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":[@]}}}`
)

// attacks are made against the evaluator as it is: against the index of
// statements, and against that of a text.
func attacks() []attack {
	r := rand.New(rand.NewPCG(7, 8))
	random := func(n int, letters string) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	const lower = "abcdefghijklmnopqrstuvwxyz"
	a := strings.Repeat("a", longestKey)
	abc := random(longestKey/2, lower[:13]) + random(longestKey/2, lower[13:])
	defect := strings.Repeat("ab", 256) + "c" + strings.Repeat("ab", 255)
	// part is one of the parts of a text.
	part := func(text string, i, n int) string { at := i * 7919 % (len(text) - n); return text[at : at+n] }
	return []attack{
		{"statements on everything", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"a:c":"false"}}}`, nil, a, "x"},
		{"words that are not there", onResources, func(i int) string { return fmt.Sprintf(`"arn:aws:s3:::*a%05d*"`, i) }, a, "x"},
		{"words that are not there, one for a statement", `{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::*a#*"}`, nil, a, "x"},
		{"500 equal letters", onResources, func(i int) string { return `"arn:aws:s3:::*` + a[:500+i%8] + `b*"` }, a, "x"},
		{"500 equal letters, but they are there", onResources, func(i int) string { return `"arn:aws:s3:::*` + a[:500+i%8] + `*b*c"` }, "bc" + a[2:], "x"},
		{"2,500 stars in one pattern", onResources, func(int) string { return `"arn:aws:s3:::` + strings.Repeat("*a", 1000) + `*b*"` }, "b" + a[1:], "x"},
		{"pairs that are all there, in the wrong order", onResources, func(i int) string {
			return `"arn:aws:s3:::*` + part(abc[512:], i, 3) + `*` + part(abc[:512], i/512, 3) + `*"`
		}, abc, "x"},
		{"three in the wrong order", onResources, func(i int) string {
			return `"arn:aws:s3:::*` + part(abc[:512], i, 2) + `*` + part(abc[512:], i/512, 2) + `*` + part(abc[:512], i/7, 2) + `*"`
		}, abc, "x"},
		{"pairs that repeat", onResources, func(i int) string {
			return `"arn:aws:s3:::` + strings.Repeat("*ab*ba", 100) + fmt.Sprintf(`*%05d*"`, i)
		}, strings.Repeat("abccba", 170), "x"},
		{"random letters in order", onResources, func(i int) string {
			at := i * 7919 % 512
			return `"arn:aws:s3:::*` + strings.Join(strings.Split(abc[at:at+400], ""), "*") + `*0"`
		}, abc, "x"},
		{"random letters of two in order", onResources, func(int) string {
			return `"arn:aws:s3:::*` + strings.Join(strings.Split(random(450, "ab"), ""), "*") + `*b0"`
		}, random(longestKey-1, "ab") + "0", "x"},
		{"all pairs of letters", onResources, func(i int) string {
			return `"arn:aws:s3:::*` + lower[i%26:i%26+1] + lower[i/26%26:i/26%26+1] + `*0"`
		}, deBruijn(longestKey-4, 2, lower) + "0a0b", "x"},
		{"all of four letters out of four", onResources, func(i int) string {
			n := i * 7919
			word := string([]byte{lower[n%4], lower[n/4%4], lower[n/16%4], lower[n/64%4]})
			return `"arn:aws:s3:::*` + word + `*` + word[2:] + word[:2] + `*` + word + `*"`
		}, deBruijn(longestKey, 4, lower[:4]), "x"},
		{"periodic, with one defect", onResources, func(i int) string {
			return `"arn:aws:s3:::*` + strings.Repeat("ab", 258+i%50) + `*"`
		}, defect, "x"},
		{"ends that differ in the last letter", onResources, func(i int) string {
			return fmt.Sprintf(`"arn:aws:s3:::*%s%s"`, abc[longestKey-20-i%8:longestKey-1], string("ABCDEFGHIJ"[i%10]))
		}, abc, "x"},
		{"ends of one letter", onResources, func(i int) string { return `"arn:aws:s3:::*` + lower[i%26:i%26+1] + `"` }, abc[:longestKey-1] + "0", "x"},
		{"question marks between letters", onResources, func(i int) string {
			return `"arn:aws:s3:::*` + strings.Repeat("a?", 20+i%30) + `b?b*"`
		}, strings.Repeat(a[:98]+"b", 11)[:longestKey], "x"},
		{"question marks in one long piece", onResources, func(i int) string {
			return `"arn:aws:s3:::*` + strings.Repeat("a?", 400+i%8) + `b?b*"`
		}, strings.Repeat(a[:900]+"b", 2)[:longestKey], "x"},
		{"stars and question marks", onResources, func(int) string { return `"arn:aws:s3:::` + strings.Repeat("*?", 450) + `b*"` }, a, "x"},
		{"fields", onResources, func(i int) string { return fmt.Sprintf(`"arn:aws:s3:*:a*c%02d:*"`, i%100) },
			strings.Repeat(":a", 300) + ":b:" + numbered(100, "c%02d:"), "x"},
		{"several characters of several bytes", onResources, func(i int) string {
			return fmt.Sprintf(`"arn:aws:s3:::*é?%c?*\\u4e16é%c*"`, 'à'+i%20, 'à'+i/20%20)
		}, strings.Repeat("éa世à", 113), "x"},
		{"variables", onResources, func(i int) string { return fmt.Sprintf(`"arn:aws:s3:::*${aws:username}*%02d*"`, i%100) }, a, "x"},
		{"variables that are there", onResources, func(int) string { return `"arn:aws:s3:::*${a:b}*b"` }, a, "x"},
		{"words in a client's name", onAgents, func(i int) string { return fmt.Sprintf(`"*a%05d*"`, i) }, "k", strings.Repeat("a", 8000)},
		{"words that are in a client's name", onAgents, func(i int) string {
			return `"*` + part(abc[512:], i, 3) + `*` + part(abc[:512], i/512, 3) + `*"`
		}, "k", strings.Repeat(abc[:512], 8) + strings.Repeat(abc[512:], 7)},
		{"words of every length in a client's name", onAgents, func(i int) string {
			return fmt.Sprintf(`"*%s*%05d*"`, part(abc, i, 1+i%100), i)
		}, "k", strings.Repeat(abc, 8)[:8000]},
		{"two names in turns", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"aws:UserAgent":["*b1*","*b2*","*b3*","*b4*","*b5*","*b6*","*b7*"],"aws:Referer":["*b1*","*b2*","*b3*","*b4*","*b5*","*b6*","*b7*"]},"Null":{"a:c":"false"}}}`, nil, "k", strings.Repeat("a", 8000)},
		{"in any case", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:UserAgent":["a","b","c","d","e","f","g","h"]}}}`, nil, "k", strings.Repeat("a", 8000)},
		{"in any case, alike up to the end", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:UserAgent":"` + strings.Repeat("a", 500) + `"}}}`, nil, "k", strings.Repeat("A", 499) + "b"},
		{"base64", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BinaryEquals":{"aws:UserAgent":"YWFh"}}}`, nil, "k", strings.Repeat("YWFh", 2000)},
		{"long base64", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BinaryEquals":{"aws:UserAgent":"` + strings.Repeat("YWFh", 500) + `"}}}`, nil, "k", strings.Repeat("YWFh", 499) + "YWFi"},
		{"numbers", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericEquals":{"aws:UserAgent":"1"}}}`, nil, "k", strings.Repeat("1", 8000)},
		{"numbers of two keys", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"aws:UserAgent":"0"},"NumericLessThan":{"aws:Referer":"0"}}}`, nil, "k", strings.Repeat("1", 8000)},
		{"dates", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateEquals":{"aws:UserAgent":"2026-01-01"}}}`, nil, "k", "2026-01-01T00:00:00.000000000000000000000000000+00:00"},
		{"wildcards in actions", `{"Effect":"Deny","Action":[@],"Resource":"*"}`, func(i int) string { return fmt.Sprintf(`"s3:*%c%c"`, 'a'+i%26, 'u'+i/26%5) }, "k", "x"},
		{"variables, whole", `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:Referer":[@]}}}`, func(i int) string { return fmt.Sprintf(`"${aws:UserAgent}%d"`, i%8+2) }, "k", strings.Repeat("a", 8000)},
		{"variables, in any case", `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:Referer":[@]}}}`, func(i int) string { return fmt.Sprintf(`"${aws:UserAgent}%d"`, i%8+2) }, "k", strings.Repeat("a", 8000)},
		{"keys that are absent", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{@},"Null":{"a:c":"false"}}}`, func(i int) string { return fmt.Sprintf(`"a:%d":""`, i) }, "k", "x"},
	}
}

// documents fills n documents of a size, and goes on with the numbers of the
// entries at one.
func (a *attack) documents(t testing.TB, kind policy.Kind, n, size int, number *int) []*authz.Document {
	t.Helper()
	const head, tail = `{"Version":"2012-10-17","Statement":[`, `]}`
	statement := a.statement
	if kind.HasPrincipals() {
		statement = strings.Replace(statement, `"Action"`, `"Principal":"*","Action"`, 1)
	}
	if kind == policy.RCP {
		statement = strings.Replace(statement, `"Action":"*"`, `"Action":"s3:*"`, 1)
	}
	fill := func(room int, item func(int) string) string {
		var list []string
		for ; ; *number++ {
			next := item(*number)
			if room -= len(next) + len(","); room < 0 {
				break
			}
			list = append(list, next)
		}
		return strings.Join(list, ",")
	}
	docs := make([]*authz.Document, n)
	for i := range docs {
		var text string
		room := size - len(head) - len(tail)
		if a.entry == nil {
			text = fill(room, func(i int) string { return strings.ReplaceAll(statement, "#", fmt.Sprintf("%05d", i)) })
		} else {
			text = strings.Replace(statement, "@", fill(room-len(statement), a.entry), 1)
		}
		if text == "" || strings.Contains(text, "[]") {
			text = `{"Effect":"Deny","Action":"svc:x","Resource":"*"}`
			if kind.HasPrincipals() {
				text = `{"Effect":"Deny","Principal":"*","Action":"svc:x","Resource":"*"}`
			}
		}
		doc, findings := policy.Parse(kind, "hostile.json", []byte(head+text+tail))
		if doc == nil {
			t.Fatalf("%s: %v", a.name, findings)
		}
		docs[i] = authz.Compile(doc)
	}
	return docs
}

// question asks about the object, with everything attached to a user that AWS's
// limits permit; layers adds what else binds a session.
func (a *attack) question(t testing.TB, layers bool) (*authz.Caller, *authz.Request, *authz.Access) {
	t.Helper()
	number := 0
	fill := func(kind policy.Kind, n, size int) []*authz.Document { return a.documents(t, kind, n, size, &number) }
	identity := fill(policy.Identity, 110, policy.MaxManagedSize)
	identity = append(identity, fill(policy.Identity, 1, policy.MaxInlineUserSize)...)
	identity = append(identity, fill(policy.Identity, 10, policy.MaxInlineGroupSize)...)
	c, r, access := alice(authz.NewPolicies(identity...)), &authz.Request{}, object()
	if layers {
		c.Type, c.ParentARN, c.ParentID = authz.FederatedUser, c.ARN, c.ID
		c.Boundary = authz.NewPolicies(fill(policy.Boundary, 1, policy.MaxManagedSize)...)
		c.Session = authz.NewPolicies(append(fill(policy.Identity, 10, policy.MaxManagedSize), fill(policy.Session, 1, 2048)...)...)
		for range 5 {
			c.SCP = append(c.SCP, authz.NewPolicies(fill(policy.SCP, 5, 5120)...))
			access.RCP = append(access.RCP, authz.NewPolicies(fill(policy.RCP, 5, 5120)...))
		}
		r.Endpoint = authz.NewPolicies(fill(policy.Endpoint, 1, 20480)...)
		access.Policy = authz.NewPolicies(fill(policy.Resource, 1, 20480)...)
	}
	c.Keys.Set("aws:username", strings.Repeat("a", 64))
	c.Keys.Set("a:b", strings.Repeat("a", 500))
	r.Keys.Set("aws:useragent", a.agent)
	r.Keys.Set("aws:referer", a.agent+"1")
	access.Resource = "arn:aws:s3:::b/" + a.key
	return c, r, access
}

// BenchmarkDecide_limits shows what the attacks cost: with all documents that a
// user can have, and with all that bind one decision.
func BenchmarkDecide_limits(b *testing.B) {
	for _, a := range attacks() {
		for _, layers := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/layers=%t", a.name, layers), func(b *testing.B) {
				c, r, access := a.question(b, layers)
				b.ReportAllocs()
				for b.Loop() {
					if authz.Decide(c, r, access).Effect != authz.ImplicitDeny {
						b.Fatal("a Deny applies")
					}
				}
			})
		}
	}
}

// TestDecide_limits decides as the plain evaluator does by one document of each
// attack, of a size and on texts that it can bear.
func TestDecide_limits(t *testing.T) {
	t.Parallel()
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			number := 0
			docs := a.documents(t, policy.Identity, 1, 1200, &number)
			c, r, access := alice(authz.NewPolicies(docs...)), &authz.Request{}, object()
			c.Keys.Set("aws:username", "aaaa")
			c.Keys.Set("a:b", "aa")
			for _, n := range []int{0, 1, 30, 200} {
				key := a.key[len(a.key)-min(len(a.key), n):]
				agent := a.agent[:min(len(a.agent), n)]
				access.Resource = "arn:aws:s3:::b/" + key
				r.Keys.Set("aws:useragent", agent)
				r.Keys.Set("aws:referer", agent+"1")
				compareEvaluators(t, c, r, access)
			}
		})
	}
}

// numbered is n texts with their numbers, one behind the other.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestPolicies_searches counts what patterns look for between wildcards.
func TestPolicies_searches(t *testing.T) {
	t.Parallel()
	for resource, want := range map[string]int{
		"*": 0, "arn:aws:s3:::b/*": 0, "arn:aws:s3:::*/k": 0, "arn:aws:s3:::*/2026/*": 1, "arn:aws:s3:::b/*a?${aws:username}*": 3,
		"arn:aws:s3:::*" + strings.Repeat("a", 33) + "*": 2, "arn:aws:sqs:*:*:q": 1, "arn:aws:sqs:*:1*1:q*": 5,
	} {
		doc := compile(t, policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"`+resource+`",
			"Condition":{"StringLike":{"aws:UserAgent":["*a*","*${aws:username}*"]}}}}`)
		if got := authz.NewPolicies(doc, doc).Searches(); got != 2*(want+6) {
			t.Errorf("%s: %d, want twice %d", resource, got, want+6)
		}
	}
}

// TestPolicies_searchesOfActionsAndVariables counts what no index narrows beside
// the words between wildcards.
func TestPolicies_searchesOfActionsAndVariables(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]int{
		`"Action":["*","s3:GetObject","s3:Get*"]`:                              0,
		`"Action":["s3:*Object","s3:*t*?x"]`:                                   4,
		`"NotAction":"s3:*Object"`:                                             1,
		`"Action":"*","Condition":{"StringEquals":{"a:b":["${a:c}","x"]}}`:     4,
		`"Action":"*","Condition":{"ArnLike":{"a:b":["${a:c}"]}}`:              20,
		`"Action":"*","Condition":{"StringEqualsIgnoreCase":{"a:b":"${a:c}"}}`: 200,
		`"Action":"*","Condition":{"StringEqualsIgnoreCase":{"a:b":"c"}}`:      0,
	} {
		doc := compile(t, policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Resource":"*",`+statement+`}}`)
		if got := authz.NewPolicies(doc).Searches(); got != want {
			t.Errorf("%s: %d, want %d", statement, got, want)
		}
	}
}
