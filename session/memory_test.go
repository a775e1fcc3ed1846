package session_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/session"
)

// retained is the memory that is held after something and was not before it. It
// must not run beside other tests.
func retained(what func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	what()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// TestMemory opens and verifies more than there is room for, of what takes most
// memory beside its token: what is remembered stays within its bound, or nearly.
func TestMemory(t *testing.T) {
	const most = 4 << 20
	f := bearerFiles
	var managed []string
	for i := range 10 {
		var statements []string
		for j := range 8 { // which are small enough to be copied for each session
			var resources []string
			for k := range 12 {
				resources = append(resources, fmt.Sprintf(`"arn:aws:s3:::bucket-%d-%d-%d/some/where/*"`, i, j, k))
			}
			statements = append(statements, `{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": [`+strings.Join(resources, ",")+`]}`)
		}
		name := fmt.Sprint("managed", i)
		f = f.with(files{a + "policies/" + name + ".json": policy(statements...)})
		managed = append(managed, "arn:aws:iam::"+accountA+":policy/"+name)
	}
	var inline []string
	for i := range 11 {
		inline = append(inline, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:Ge*","Resource":["arn:aws:s3:::a%d/*","arn:aws:s3:::b%[1]d*"],"Condition":{"StringLike":{"s3:prefix":"a%[1]d/*"}}}`, i))
	}
	w := newWorld(t, f)
	alice := w.user(aliceKey)
	open := func(n int, inline string, managed []string) {
		ask := assumption(appARN)
		ask.Policy, ask.PolicyARNs = inline, managed
		g, r := w.may(alice, ask)
		if r != nil {
			t.Fatal(r, r.Cause)
		}
		for range n {
			c, r := w.sessions.Issue(w.snap, g, now)
			if r != nil {
				t.Fatal(r)
			}
			w.open(c)
		}
	}
	verifier := newVerifier(t, w)
	letters := strings.Split(strings.Repeat("a", 500), "")
	claims := map[string]any{"amr": letters}
	for i := range 5 {
		claims[fmt.Sprint("claim", i)] = letters
	}
	for name, fill := range map[string]func(){
		"managed policies": func() { open(300, "", managed) },
		"inline policies":  func() { open(1000, policy(inline...), nil) },
		"both":             func() { open(300, policy(inline[:6]...), managed[:5]) },
		"claims": func() {
			for i := range 400 {
				claims["jti"] = fmt.Sprint(i)
				if _, r := w.sessions.Bearer(t.Context(), verifier, w.snap, bearerToken(t, 1, claims), now); r != nil {
					t.Fatal(r, r.Cause)
				}
			}
		},
	} {
		var err error
		if w.sessions, err = session.New(session.Options{MaxBytes: most}); err != nil {
			t.Fatal(err)
		}
		if got := retained(fill); got > most {
			t.Errorf("%s: %d bytes are held, and %d may be", name, got, most)
		}
		runtime.KeepAlive(w)
	}
}

// TestTokensOfManyAccounts shows a token that is none to a bundle in which many
// accounts have its issuer: it is not taken apart for each of them, as anybody can
// send it.
func TestTokensOfManyAccounts(t *testing.T) {
	claims := map[string]any{}
	for i := range 1000 {
		claims[fmt.Sprint("claim", i)] = i
	}
	forged := bearerToken(t, 2, claims)
	work := func(accounts int) float64 {
		f, text := bearerFiles, "accounts:\n  \""+accountA+"\": {}\n  \""+accountB+"\": {}\n"
		for i := range accounts {
			id := fmt.Sprintf("%012d", 700000000000+i)
			text += "  \"" + id + "\": {}\n"
			directory := "bundle/accounts/" + id + "/"
			f = f.with(files{
				directory + "oidc-providers/id.yaml":      strings.ReplaceAll(f[a+"oidc-providers/id.yaml"], accountA, id),
				directory + "oidc-providers/id.jwks.json": jwks(1),
				directory + "roles/app.yaml":              fmt.Sprintf("id: AROAMANYEXAMPLE222%d\npath: /svc/\n", 200+i),
				directory + "roles/app.trust.json":        trust(id),
			})
		}
		w := newWorld(t, f.with(files{"bundle/bundle.yaml": text + "buckets:\n  - {name: \"*\", account: \"" + accountA + "\"}\n"}))
		v := newVerifier(t, w)
		return testing.AllocsPerRun(5, func() {
			if _, r := w.sessions.Bearer(t.Context(), v, w.snap, forged, now); r == nil || r.Code != "InvalidIdentityToken" {
				t.Fatal(r)
			}
		})
	}
	if one, many := work(0), work(50); many > 3*one {
		t.Errorf("%.0f allocations with one account, and %.0f with 51", one, many)
	}
}
