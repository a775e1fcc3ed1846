//go:build unix

package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// provider is a running oidc-provider, a certified implementation of OpenID Connect.
type provider struct {
	issuer  string
	session *session
}

// startProvider starts one, which ends with the test.
func startProvider(t testing.TB) *provider {
	t.Helper()
	needsSallyport(t)
	modules, err := node()
	if err != nil {
		skip(t, "no OpenID Connect provider: "+err.Error())
	}
	interpreter, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if err := shared.certificates.issue(certificate, key, "provider"); err != nil {
		t.Fatal(err)
	}
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(address, ":")
	p := &provider{}
	p.session = tool{path: interpreter, dir: dir, env: []string{"NODE_PATH=" + modules}}.session(t, "node/provider.cjs", port, certificate, key)
	var hello struct{ Issuer string }
	if err := p.session.answers.Decode(&hello); err != nil {
		said, _ := os.ReadFile(p.session.problems)
		t.Fatalf("the provider: %v\n%s", err, said)
	}
	p.issuer = hello.Issuer
	return p
}

// accessToken asks the token endpoint for an access token, by client credentials.
func (p *provider) accessToken(t testing.TB) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("workload", "workload-secret")
	response, err := shared.certificates.client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatalf("the token endpoint: %d, %v", response.StatusCode, err)
	}
	return got.Token
}

// idToken is an ID token of the client.
func (p *provider) idToken(t testing.TB, subject string, claims map[string]any) string {
	t.Helper()
	var answer struct{ Token, Error string }
	if err := p.session.call(map[string]any{"op": "id_token", "sub": subject, "claims": claims}, &answer); err != nil || answer.Error != "" {
		t.Fatalf("an ID token: %s %v", answer.Error, err)
	}
	return answer.Token
}

// rotate replaces all keys.
func (p *provider) rotate(t testing.TB) {
	t.Helper()
	var answer struct{ Error string }
	if err := p.session.call(map[string]any{"op": "rotate"}, &answer); err != nil || answer.Error != "" {
		t.Fatalf("rotating: %s %v", answer.Error, err)
	}
}

// declare writes a provider into a site, whose certificate the tests' authority
// signed, and a role "workload" for its tokens.
func declare(t testing.TB, site *sallyport.Site, issuer string, more ...string) {
	t.Helper()
	text := "url: " + issuer + "\naudiences: [workload, \"https://store.example.com\"]\nca: |\n" + indented(string(shared.certificates.pem()))
	write(t, site.Path("bundle", "accounts", account, "oidc-providers", "idp.yaml"), text+strings.Join(more, ""))
	writeRole(t, site, "workload", issuer, `{"StringEquals": {"`+strings.TrimPrefix(issuer, "https://")+`:sub": "workload"}}`, "workload")
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// TestProvider: tokens of a real provider, found by discovery over TLS at a private
// address, and through a rotation of its keys.
func TestProvider(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	f := federate(t, func(site *sallyport.Site) {
		declare(t, site, p.issuer, "bearer: {role: \""+roleARN("workload")+"\"}\n")
	})
	put(t, f.bucket, "workload/a", "work")
	works := func(what, token string) {
		t.Helper()
		out, err := f.exchangeToken(t.Context(), "workload", token)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		if got := f.reads(t, temporary(out.Credentials), "workload/a"); got != "work" {
			t.Errorf("%s: %s", what, got)
		}
		if status, body := f.bearer(t, token, "workload/a"); status != 200 || body != "work" {
			t.Errorf("%s, by itself: %d %s", what, status, body)
		}
	}
	old := p.accessToken(t)
	works("an access token", old)
	works("an ID token", p.idToken(t, "workload", nil))
	if _, err := f.exchangeToken(t.Context(), "workload", p.idToken(t, "somebody", nil)); code(err) != "AccessDenied" {
		t.Errorf("another subject: %v", err)
	}

	// Tags and a source identity may come with the token, where the role lets them.
	tagged := map[string]any{
		"https://aws.amazon.com/tags":            map[string]any{"principal_tags": map[string]any{"team": []string{"red"}}, "transitive_tag_keys": []string{"team"}},
		"https://aws.amazon.com/source_identity": "ann",
	}
	f.change(t, func() {
		writeRole(t, f.site, "tagged", p.issuer, `{"StringEquals": {"aws:RequestTag/team": "red", "sts:SourceIdentity": "ann"}}`, "workload")
		write(t, f.path("roles", "tagged", "read.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
			"Condition": {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:SourceIdentity": "ann"}}}]}`)
	})
	out, err := f.exchangeToken(t.Context(), "tagged", p.idToken(t, "workload", tagged))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.reads(t, temporary(out.Credentials), "workload/a"); got != "work" {
		t.Errorf("with tags of the token: %s", got)
	}
	if _, err := f.exchangeToken(t.Context(), "tagged", p.idToken(t, "workload", nil)); code(err) != "AccessDenied" {
		t.Errorf("without them: %v", err)
	}

	// Keys that nobody knew are asked for, though not at every token.
	p.rotate(t)
	renewed := p.accessToken(t)
	ctx := within(t, time.Minute)
	for {
		if _, err = f.exchangeToken(ctx, "workload", renewed); err == nil || ctx.Err() != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	works("a token of the keys that came", renewed)
	if _, err := f.exchangeToken(t.Context(), "workload", old); code(err) != "InvalidIdentityToken" {
		t.Errorf("a token of the keys that went: %v", err)
	}
	if status, _ := f.bearer(t, old, "workload/a"); status == 200 {
		t.Error("a bearer token of the keys that went is taken")
	}
	if strings.Contains(f.Log(), strings.Split(old, ".")[2]) {
		t.Error("a signature is in the log")
	}
}
