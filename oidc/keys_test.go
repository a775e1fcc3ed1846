package oidc_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/oidc"
)

// bubble runs a test with a clock of its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// What is left of connections ends within seconds.
		t.Cleanup(func() { time.Sleep(10 * time.Second) })
		f(t)
	})
}

// fresh is a good token now, for the clocks of testing/synctest.
func fresh(keyID string, key any) string {
	return sign(key, header("RS256", keyID), claims(map[string]any{"iat": time.Now().Unix(), "exp": time.Now().Unix() + 3600}))
}

func verify(t *testing.T, v *oidc.Verifier, p *oidc.Provider, token string) (version uint64, kind string, err error) {
	t.Helper()
	_, version, err = v.Verify(t.Context(), p, token, time.Now())
	return version, kindOf(t, err), err
}

// TestRealProvider verifies with a provider behind a real socket and resolver.
func TestRealProvider(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	keys := string(offline(public("one", rsaKey())).JWKS)
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tenant/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":"%s/tenant","jwks_uri":"%s/keys","scopes_supported":["openid"]}`, server.URL, server.URL)
		case "/keys":
			_, _ = w.Write([]byte(keys))
		default:
			http.NotFound(w, r)
		}
	}))
	server.Config.ErrorLog = zap.NewStdLog(zap.NewNop())
	server.StartTLS()
	defer server.Close()
	ca := pemOf(server.Certificate())
	p := &oidc.Provider{Issuer: server.URL + "/tenant", Audiences: []string{audience}, CA: ca}
	v := newVerifier(t, p)
	token := sign(rsaKey(), header("RS256", "one"), claims(map[string]any{"iss": p.Issuer}))
	if _, _, err := v.Verify(t.Context(), p, token, now); err != nil {
		t.Error(err)
	}
	stranger := &oidc.Provider{Issuer: p.Issuer, Audiences: p.Audiences}
	if _, _, err := v.Verify(t.Context(), stranger, token, now); kindOf(t, err) != "unreachable" || !strings.Contains(err.Error(), "certificate") {
		t.Error("without the CA:", err)
	}
}

// TestWarm checks that once the keys are there, no request asks for anything.
func TestWarm(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		v, p := idp.verifier(t), idp.provider()
		v.Use([]*oidc.Provider{p})
		synctest.Wait()
		before := idp.times("/keys")
		for range 10 {
			if _, _, err := verify(t, v, p, fresh("one", rsaKey())); err != nil {
				t.Fatal(err)
			}
		}
		if before != 1 || idp.times("/keys") != 1 || idp.times("/.well-known/openid-configuration") != 1 {
			t.Error("asked", before, idp.asked)
		}
	})
}

// TestRotation: a new key is found when a token names it, at most one fetch in ten
// seconds; others who wait at that time wait for the same.
func TestRotation(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		v, p := idp.verifier(t), idp.provider()
		v.Use([]*oidc.Provider{p})
		synctest.Wait()
		first := v.Version(p)
		idp.publish(public("one", rsaKey()), public("two", otherRSA()))
		time.Sleep(11 * time.Second)
		var waiting sync.WaitGroup
		for range 20 {
			waiting.Go(func() {
				if _, _, err := verify(t, v, p, fresh("two", otherRSA())); err != nil {
					t.Error(err)
				}
			})
		}
		waiting.Wait()
		if idp.times("/keys") != 2 {
			t.Error("asked", idp.asked)
		}
		second := v.Version(p)
		if second == first {
			t.Error("the version did not change")
		}
		for range 20 {
			if _, kind, err := verify(t, v, p, fresh("three", rsaKey())); kind != "untrusted" {
				t.Error(kind, err)
			}
		}
		if idp.times("/keys") != 2 {
			t.Error("asked", idp.asked)
		}
		time.Sleep(11 * time.Second)
		for range 20 {
			if _, kind, err := verify(t, v, p, fresh("three", rsaKey())); kind != "untrusted" {
				t.Error(kind, err)
			}
		}
		if idp.times("/keys") != 3 || v.Version(p) != second {
			t.Error("asked", idp.asked, "versions", second, v.Version(p))
		}
	})
}

// TestWrongSignature: a token whose key is known makes nobody ask.
func TestWrongSignature(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		v, p := idp.verifier(t), idp.provider()
		v.Use([]*oidc.Provider{p})
		time.Sleep(time.Minute / 2)
		asked := idp.times("/keys")
		if _, kind, err := verify(t, v, p, fresh("one", otherRSA())); kind != "untrusted" || idp.times("/keys") != asked {
			t.Error(kind, err, idp.asked)
		}
	})
}

// TestRenewal: keys are renewed in the background, as the provider says within
// bounds; one that was removed counts no longer.
func TestRenewal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		control  string
		min, max time.Duration
	}{
		{"", 4 * time.Minute, 5 * time.Minute},
		{"public, max-age=600", 9 * time.Minute, 10 * time.Minute},
		{"max-age=1", 54 * time.Second, time.Minute},
		{"no-store, max-age=600", 54 * time.Second, time.Minute},
		{"max-age=99999999999999999999", 4 * time.Minute, 5 * time.Minute},
		{"max-age=86400", 13 * time.Minute, 15 * time.Minute},
	} {
		t.Run(c.control, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				idp := newIDP(t, public("one", rsaKey()), public("two", otherRSA()))
				serve := func(text []byte) {
					idp.serve("/keys", func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Cache-Control", c.control)
						_, _ = w.Write(text)
					})
				}
				serve(offline(public("one", rsaKey()), public("two", otherRSA())).JWKS)
				v, p := idp.verifier(t), idp.provider()
				v.Use([]*oidc.Provider{p})
				synctest.Wait()
				first := v.Version(p)
				if _, _, err := verify(t, v, p, fresh("two", otherRSA())); err != nil {
					t.Fatal(err)
				}
				serve(offline(public("one", rsaKey())).JWKS)
				time.Sleep(c.min)
				if idp.times("/keys") != 1 {
					t.Error("renewed too early")
				}
				time.Sleep(c.max - c.min)
				if idp.times("/keys") != 2 {
					t.Error("asked", idp.asked)
				}
				if _, kind, err := verify(t, v, p, fresh("two", otherRSA())); kind != "untrusted" {
					t.Error(kind, err)
				}
				if second := v.Version(p); second == first || second == 0 {
					t.Error("versions", first, second)
				}
			})
		})
	}
}

// TestSameKeys: the order of keys, and what is not about them, make no version.
func TestSameKeys(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()), public("two", otherRSA()))
		v, p := idp.verifier(t), idp.provider()
		v.Use([]*oidc.Provider{p})
		synctest.Wait()
		first := v.Version(p)
		idp.publish(public("two", otherRSA()), public("one", rsaKey()))
		time.Sleep(6 * time.Minute)
		if idp.times("/keys") < 2 || v.Version(p) != first {
			t.Error(idp.asked, first, v.Version(p))
		}
		idp.publish(public("two", rsaKey()), public("one", otherRSA()))
		time.Sleep(6 * time.Minute)
		if v.Version(p) == first {
			t.Error("the keys changed their ids, and the version did not change")
		}
	})
}

// TestOutage: while the provider is down, its keys serve for six hours.
func TestOutage(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		v, p := idp.verifier(t), idp.provider()
		v.Use([]*oidc.Provider{p})
		synctest.Wait()
		idp.serve("/keys", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		time.Sleep(oidc.KeepStale - 10*time.Minute)
		if _, _, err := verify(t, v, p, fresh("one", rsaKey())); err != nil {
			t.Error(err)
		}
		if _, kind, err := verify(t, v, p, fresh("two", otherRSA())); kind != "unreachable" || !strings.Contains(err.Error(), "502") {
			t.Error("a key that may be new:", kind, err)
		}
		if s := v.Status(); len(s) != 1 || s[0].Keys != 1 || s[0].Failures < 300 || !strings.Contains(s[0].Error, "502") || s[0].Fetched.IsZero() {
			t.Errorf("%+v", s)
		}
		time.Sleep(10*time.Minute + time.Second)
		if _, kind, err := verify(t, v, p, fresh("one", rsaKey())); kind != "unreachable" || v.Version(p) != 0 {
			t.Error(kind, err, v.Version(p))
		}
		idp.publish(public("one", rsaKey()))
		time.Sleep(time.Minute)
		if _, _, err := verify(t, v, p, fresh("one", rsaKey())); err != nil || v.Version(p) == 0 {
			t.Error("after the outage:", err)
		}
	})
}

// TestMuseum_30_strangeReply: whatever a provider answers, it is an error and not
// a panic, and the keys that were there stay.
func TestMuseum_30_strangeReply(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"kty":"oct"},`, oidc.MaxKeys+1), ",")
	stall := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Second)
		}
	}
	huge := func(w http.ResponseWriter, _ *http.Request) {
		for range 2 * oidc.MaxKeySet / 1024 {
			if _, err := w.Write([]byte(strings.Repeat(" ", 1024))); err != nil {
				return
			}
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://idp.example.com/elsewhere", http.StatusFound)
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"keys":[`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	compressed := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte("\x1f\x8b\x08\x00"))
	}
	const discovery = "/.well-known/openid-configuration"
	for _, c := range []struct {
		name, path string
		handler    http.HandlerFunc
		cause      string
	}{
		{"no such page", "/keys", status(404), "404"},
		{"an error", "/keys", status(500), "500"},
		{"no content", "/keys", status(204), "204"},
		{"a redirect", "/keys", redirect, "redirects"},
		{"silence", "/keys", stall, "timeout"},
		{"a byte a second", "/keys", drip, "deadline"},
		{"without end", "/keys", huge, "more than"},
		{"broken off", "/keys", cut, "broke off"},
		{"compressed", "/keys", compressed, "UTF-8"},
		{"nothing", "/keys", answer(""), "no JSON object"},
		{"a page", "/keys", answer("<!DOCTYPE html><title>Sign in</title>"), "HTML"},
		{"a list", "/keys", answer("[]"), "no JSON object"},
		{"a number", "/keys", answer("1e999"), "no JSON object"},
		{"null", "/keys", answer("null"), "no JSON object"},
		{"no keys", "/keys", answer("{}"), `"keys"`},
		{"keys null", "/keys", answer(`{"keys":null}`), `"keys"`},
		{"keys of another type", "/keys", answer(`{"keys":{"a":1}}`), `"keys"`},
		{"keys twice", "/keys", answer(`{"keys":[],"keys":[]}`), "twice"},
		{"too many keys", "/keys", answer(`{"keys":[` + many + `]}`), "201"},
		{"nested", "/keys", answer(strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)), "deeper"},
		{"no configuration", discovery, status(404), "404"},
		{"configuration elsewhere", discovery, redirect, "redirects"},
		{"a silent configuration", discovery, stall, "timeout"},
		{"an endless configuration", discovery, huge, "more than"},
		{"a page for configuration", discovery, answer("<html>"), "HTML"},
		{"another's configuration", discovery, answer(`{"issuer":"https://evil.example.com","jwks_uri":"https://idp.example.com/keys"}`), "evil.example.com"},
		{"the issuer with a slash", discovery, answer(`{"issuer":"https://idp.example.com/","jwks_uri":"https://idp.example.com/keys"}`), "idp.example.com/"},
		{"a list of issuers", discovery, answer(`{"issuer":["https://idp.example.com"],"jwks_uri":"https://idp.example.com/keys"}`), "configuration"},
		{"no address", discovery, answer(`{"issuer":"https://idp.example.com"}`), `"jwks_uri"`},
		{"an address of another type", discovery, answer(`{"issuer":"https://idp.example.com","jwks_uri":7}`), `"jwks_uri"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				idp := newIDP(t, public("one", rsaKey()))
				v, p := idp.verifier(t), idp.provider()
				v.Use([]*oidc.Provider{p})
				synctest.Wait()
				before := v.Version(p)
				idp.serve(c.path, c.handler)
				time.Sleep(11 * time.Second)
				began := time.Now()
				if _, kind, err := verify(t, v, p, fresh("new", rsaKey())); kind != "unreachable" || !strings.Contains(err.Error(), c.cause) {
					t.Errorf("%s, %v; want %s", kind, err, c.cause)
				}
				if waited := time.Since(began); waited > 5*time.Second {
					t.Error("waited", waited)
				}
				if _, _, err := verify(t, v, p, fresh("one", rsaKey())); err != nil || v.Version(p) != before {
					t.Error("the keys that were there:", err)
				}
				if idp.times("/elsewhere") != 0 {
					t.Error("the redirect was followed")
				}
			})
		})
	}
}

// TestStrangeKeys: keys that cannot be used are passed over, the others serve.
func TestStrangeKeys(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t)
		good := strings.TrimSuffix(strings.TrimPrefix(string(offline(public("one", rsaKey())).JWKS), `{"keys":[`), `]}`)
		weak := strings.TrimSuffix(strings.TrimPrefix(string(offline(public("weak", weakRSA())).JWKS), `{"keys":[`), `]}`)
		strange := []string{`null`, `1`, `[]`, `{}`, `{"kty":"RSA"}`, `{"kty":"RSA","n":"AA","e":"AA"}`, `{"kty":"RSA","n":"","e":""}`, `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`,
			`{"kty":"EC","crv":"P-192","x":"AA","y":"AA"}`, `{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`, `{"kty":"OKP","crv":"Ed25519","x":"AA"}`, `{"kty":"OKP","crv":"X25519","x":"AA"}`,
			`{"kty":"oct","k":"c2VjcmV0"}`, `{"kty":"quantum"}`, `{"kty":"RSA","kid":7}`, strings.Replace(good, `"sig"`, `"enc"`, 1), strings.Replace(good, `"use":"sig"`, `"key_ops":["sign"]`, 1),
			strings.Replace(good, `"use"`, `"d":"AQAB","use"`, 1), strings.Replace(good, `"use":"sig"`, `"alg":"HS256"`, 1), strings.Replace(good, `"use":"sig"`, `"alg":"ES256"`, 1), weak}
		idp.serve("/keys", answer(`{"keys":[`+strings.Join(strange, ",")+`,`+good+`]}`))
		v, p := idp.verifier(t), idp.provider()
		v.Use([]*oidc.Provider{p})
		synctest.Wait()
		if _, _, err := verify(t, v, p, fresh("one", rsaKey())); err != nil {
			t.Error(err)
		}
		if s := v.Status()[0]; s.Keys != 1 || s.Unusable != len(strange) || s.Error != "" {
			t.Errorf("%+v", s)
		}
		idp.serve("/keys", answer(`{"keys":[]}`))
		time.Sleep(6 * time.Minute)
		if _, kind, err := verify(t, v, p, fresh("one", rsaKey())); kind != "untrusted" || v.Version(p) == 0 {
			t.Error("after the provider removed all keys:", kind, err)
		}
	})
}

// TestMuseum_29_addresses: where a provider's keys are fetched from is what the
// bundle names, or a public address.
func TestMuseum_29_addresses(t *testing.T) {
	t.Parallel()
	discovered := func(uri string) func(*idp, *oidc.Provider) {
		return func(i *idp, _ *oidc.Provider) {
			i.serve("/.well-known/openid-configuration", answer(`{"issuer":"`+issuer+`","jwks_uri":"`+uri+`"}`))
		}
	}
	resolving := func(addresses ...string) func(*idp, *oidc.Provider) {
		return func(i *idp, p *oidc.Provider) {
			discovered("https://keys.example.com/keys")(i, p)
			i.resolve("keys.example.com", addresses...)
		}
	}
	type row struct {
		name  string
		setup func(*idp, *oidc.Provider)
		cause string // "" if the keys are fetched
	}
	rows := []row{
		{"the bundle names a private host", func(*idp, *oidc.Provider) {}, ""},
		{"discovery names the same host", discovered("https://IDP.example.com:8443/keys"), ""},
		{"discovery names a public host", resolving("8.8.8.8", "2001:4860:4860::8888"), ""},
		{"the bundle names the key set's private host", func(i *idp, p *oidc.Provider) {
			i.resolve("keys.example.com", "10.1.1.1")
			p.JWKSURI = "https://keys.example.com/keys"
		}, ""},
		{"one private address among public ones", resolving("8.8.8.8", "10.0.0.1"), "10.0.0.1"},
		{"no address", resolving(), "no such host"},
		{"an address for a name", discovered("https://127.0.0.1/keys"), "127.0.0.1"},
		{"an IPv6 address for a name", discovered("https://[::1]/keys"), "::1"},
		{"plain HTTP", discovered("http://idp.example.com/keys"), `"http"`},
		{"a file", discovered("file:///etc/passwd"), `"file"`},
		{"no scheme", discovered("//idp.example.com/keys"), "scheme"},
		{"a user", discovered("https://root:secret@idp.example.com/keys"), "user name"},
		{"no host", discovered("https:///keys"), "no host"},
		{"an impossible port", discovered("https://idp.example.com:99999/keys"), "port"},
		{"a port of zero", discovered("https://idp.example.com:0/keys"), "port"},
	}
	for _, address := range []string{"127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1",
		"192.88.99.1", "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "64:ff9b::a00:1", "2002:a00:1::", "2001::1", "2001:db8::1"} {
		rows = append(rows, row{"discovery names " + address, resolving(address), "not public"})
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				idp := newIDP(t, public("one", rsaKey()))
				v, p := idp.verifier(t), idp.provider()
				c.setup(idp, p)
				_, _, err := v.Verify(t.Context(), p, good(), now)
				if c.cause == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if kindOf(t, err) != "unreachable" || !strings.Contains(err.Error(), c.cause) {
					t.Errorf("%v; want %s", err, c.cause)
				}
				if strings.Contains(err.Error(), "secret") {
					t.Error("the error has the password:", err)
				}
				for _, address := range idp.dialled {
					if address != "10.0.0.7:443" {
						t.Error("dialled", address)
					}
				}
			})
		})
	}
}

// TestRebinding: the address that is checked is the one that is dialled; a name
// is looked up once for each connection.
func TestRebinding(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		idp.serve("/.well-known/openid-configuration", answer(`{"issuer":"`+issuer+`","jwks_uri":"https://keys.example.com/keys"}`))
		v, p := idp.verifier(t), idp.provider()
		if _, _, err := v.Verify(t.Context(), p, good(), now); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(idp.dialled, " "); got != "10.0.0.7:443 8.8.8.8:443" {
			t.Error("dialled", got)
		}
	})
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	wrong := strings.Repeat("0", 40)
	other, _ := certificates("idp.example.com")
	otherCA := pemOf(other)
	for _, c := range []struct {
		name      string
		ca        string // "right" is the provider's
		right     bool   // among the thumbprints
		wrong     bool
		elsewhere bool // the key set is at a host that the certificate is not for
		cause     string
	}{
		{name: "the CA", ca: "right"},
		{name: "the system's", cause: "certificate"},
		{name: "another CA", ca: otherCA, cause: "certificate"},
		{name: "a CA that is none", ca: "none", cause: "certificate"},
		{name: "a thumbprint", right: true, wrong: true},
		{name: "a thumbprint and another CA", ca: otherCA, right: true},
		{name: "the CA and an old thumbprint", ca: "right", wrong: true},
		{name: "an old thumbprint", wrong: true, cause: "thumbprint"},
		{name: "a thumbprint, another host", right: true, elsewhere: true, cause: "other.example.com"},
		{name: "the CA, another host", ca: "right", elsewhere: true, cause: "other.example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				idp := newIDP(t, public("one", rsaKey()))
				idp.resolve("other.example.com", "10.0.0.7")
				p := idp.provider()
				if c.ca != "right" {
					p.CA = c.ca
				}
				if c.right {
					sum := sha1.Sum(idp.authority.Raw)
					p.Thumbprints = append(p.Thumbprints, hex.EncodeToString(sum[:]))
				}
				if c.wrong {
					p.Thumbprints = append(p.Thumbprints, wrong)
				}
				if c.elsewhere {
					p.JWKSURI = "https://other.example.com/keys"
				}
				_, _, err := idp.verifier(t).Verify(t.Context(), p, good(), now)
				if c.cause == "" && err != nil || c.cause != "" && (kindOf(t, err) != "unreachable" || !strings.Contains(err.Error(), c.cause)) {
					t.Errorf("%v; want %q", err, c.cause)
				}
			})
		})
	}
}

// TestWaiting: a request waits no longer than its context lasts, and what it
// began goes on for others.
func TestWaiting(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		slow := make(chan struct{})
		keys := offline(public("one", rsaKey())).JWKS
		idp.serve("/keys", func(w http.ResponseWriter, _ *http.Request) {
			<-slow
			_, _ = w.Write(keys)
		})
		v, p := idp.verifier(t), idp.provider()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, _, err := v.Verify(ctx, p, fresh("one", rsaKey()), time.Now())
		if kindOf(t, err) != "unreachable" || time.Since(began) != time.Second {
			t.Error(err, time.Since(began))
		}
		close(slow)
		synctest.Wait()
		if _, _, err := verify(t, v, p, fresh("one", rsaKey())); err != nil || idp.times("/keys") != 1 {
			t.Error(err, idp.asked)
		}
	})
}

// TestUse: providers that say the same keep their keys; those that are gone are
// asked no more.
func TestUse(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		v, p := idp.verifier(t), idp.provider()
		v.Use([]*oidc.Provider{p})
		synctest.Wait()
		first := v.Version(p)
		again, others := idp.provider(), idp.provider()
		others.Audiences, others.Algorithms = []string{"others"}, []string{"ES256"}
		v.Use([]*oidc.Provider{again, others})
		synctest.Wait()
		if v.Version(again) != first || v.Version(others) != first || idp.times("/keys") != 1 {
			t.Error("versions", first, v.Version(again), v.Version(others), "asked", idp.asked)
		}
		if _, kind, err := verify(t, v, others, fresh("one", rsaKey())); kind != "untrusted" {
			t.Error("their audience and algorithms are their own:", kind, err)
		}
		v.Use(nil)
		time.Sleep(time.Hour)
		if idp.times("/keys") != 1 || len(v.Status()) != 0 {
			t.Error("asked", idp.asked, v.Status())
		}
		if _, _, err := verify(t, v, p, fresh("one", rsaKey())); err != nil || idp.times("/keys") != 2 {
			t.Error("a request that began before:", err, idp.asked)
		}
		if v.Version(p) == first {
			t.Error("keys that were forgotten came back with their version")
		}
		v.Use(nil)
		v.Close()
		if _, kind, err := verify(t, v, p, fresh("one", rsaKey())); kind != "unreachable" {
			t.Error("after the end:", kind, err)
		}
		v.Use([]*oidc.Provider{p})
	})
}

// TestOffline: keys that are given are never fetched, nor do they grow old.
func TestOffline(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		v, p := idp.verifier(t), offline(public("one", rsaKey()))
		v.Use([]*oidc.Provider{p})
		time.Sleep(1000 * time.Hour)
		first, _, err := verify(t, v, p, fresh("one", rsaKey()))
		if err != nil {
			t.Error(err)
		}
		if _, kind, err := verify(t, v, p, fresh("two", rsaKey())); kind != "untrusted" {
			t.Error(kind, err)
		}
		if len(idp.dialled) != 0 {
			t.Error("dialled", idp.dialled)
		}
		// Another bundle, in which the key is gone.
		q := offline(public("two", otherRSA()))
		v.Use([]*oidc.Provider{q})
		if _, kind, err := verify(t, v, q, fresh("one", rsaKey())); kind != "untrusted" || v.Version(q) == first {
			t.Error(kind, err)
		}
		broken := &oidc.Provider{Issuer: issuer, Audiences: []string{audience}, JWKS: []byte("{")}
		if _, kind, err := verify(t, v, broken, fresh("one", rsaKey())); kind != "unreachable" || v.Version(broken) != 0 {
			t.Error(kind, err)
		}
	})
}
