package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestCredentialsEndpoint(t *testing.T) {
	t.Parallel()
	file := writeText(t, filepath.Join(t.TempDir(), "token"), "a-token-of-the-test")
	from := &source{life: time.Hour}
	e := &credentialsEndpoint{
		path: "/v1/credentials", roleARN: "arn:aws:iam::111122223333:role/reports",
		keeper: &keeper{get: from.get, timeout: time.Minute}, authorize: byTokenFile(file, func(error) {}),
	}
	ask := func(method, host, target string, fields ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
		r.Host = host
		for i := 0; i < len(fields); i += 2 {
			r.Header.Add(fields[i], fields[i+1])
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		return w
	}
	const path, token = "/v1/credentials", "a-token-of-the-test"
	tests := map[string]struct {
		method, host, target string
		fields               []string
		status               int
		code                 string
	}{
		"as an SDK asks":       {"GET", "127.0.0.1:9911", path, []string{"Authorization", token}, 200, ""},
		"by name":              {"GET", "localhost:9911", path, []string{"Authorization", token}, 200, ""},
		"by IPv6":              {"GET", "[::1]:9911", path, []string{"Authorization", token}, 200, ""},
		"a rebound name":       {"GET", "rebound.example.com:9911", path, []string{"Authorization", token}, 403, "InvalidHost"},
		"a name like it":       {"GET", "localhost.example.com", path, []string{"Authorization", token}, 403, "InvalidHost"},
		"another address":      {"GET", "10.0.0.1:9911", path, []string{"Authorization", token}, 403, "InvalidHost"},
		"no host":              {"GET", "", path, []string{"Authorization", token}, 403, "InvalidHost"},
		"a browser":            {"GET", "127.0.0.1:9911", path, []string{"Authorization", token, "Origin", "http://127.0.0.1:9911"}, 403, "AccessDenied"},
		"a browser's image":    {"GET", "127.0.0.1:9911", path, []string{"Authorization", token, "Sec-Fetch-Site", "cross-site"}, 403, "AccessDenied"},
		"a question before it": {"OPTIONS", "127.0.0.1:9911", path, []string{"Authorization", token}, 405, "MethodNotAllowed"},
		"another method":       {"POST", "127.0.0.1:9911", path, []string{"Authorization", token}, 405, "MethodNotAllowed"},
		"another path":         {"GET", "127.0.0.1:9911", "/v1/credentials/", []string{"Authorization", token}, 404, "NotFound"},
		"an encoded path":      {"GET", "127.0.0.1:9911", "/v1/%63redentials", []string{"Authorization", token}, 404, "NotFound"},
		"a query":              {"GET", "127.0.0.1:9911", path + "?x", []string{"Authorization", token}, 404, "NotFound"},
		"no token":             {"GET", "127.0.0.1:9911", path, nil, 401, "AccessDenied"},
		"a wrong token":        {"GET", "127.0.0.1:9911", path, []string{"Authorization", token + "x"}, 401, "AccessDenied"},
		"a part of it":         {"GET", "127.0.0.1:9911", path, []string{"Authorization", token[1:]}, 401, "AccessDenied"},
		"a scheme before it":   {"GET", "127.0.0.1:9911", path, []string{"Authorization", "Bearer " + token}, 401, "AccessDenied"},
		"two fields":           {"GET", "127.0.0.1:9911", path, []string{"Authorization", token, "Authorization", token}, 401, "AccessDenied"},
		"a very long one":      {"GET", "127.0.0.1:9911", path, []string{"Authorization", strings.Repeat("x", longestAuthorization+1)}, 401, "AccessDenied"},
	}
	for name, tt := range tests {
		w := ask(tt.method, tt.host, tt.target, tt.fields...)
		var got struct {
			Code, Message string
			deliveredCredentials
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != tt.status || got.Code != tt.code || (got.Message == "") != (tt.code == "") {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, tt.status, tt.code)
		}
		if secret := got.AccessKeyID + got.SecretAccessKey + got.Token; (secret != "") != (tt.status == 200) || tt.status == 200 && (secret != "1secrettoken" || got.RoleARN != e.roleARN || time.Until(got.Expiration) < 50*time.Minute) {
			t.Errorf("%s: answered %s", name, w.Body)
		}
		for _, field := range []string{"Access-Control-Allow-Origin", "Location"} {
			if w.Header().Get(field) != "" {
				t.Errorf("%s: %v", name, w.Header())
			}
		}
		if w.Header().Get("Cache-Control") != "no-store" || (w.Header().Get("Allow") != "") != (tt.status == 405) {
			t.Errorf("%s: %v", name, w.Header())
		}
	}

	// The file is read each time.
	writeText(t, file, "another-token-of-the-test")
	if w := ask("GET", "127.0.0.1", path, "Authorization", token); w.Code != 401 {
		t.Errorf("the token that was replaced: %d", w.Code)
	}
	if w := ask("GET", "127.0.0.1", path, "Authorization", "another-token-of-the-test"); w.Code != 200 {
		t.Errorf("the token that replaced it: %d", w.Code)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if w := ask("GET", "127.0.0.1", path); w.Code != 503 || strings.Contains(w.Body.String(), file) {
		t.Errorf("without its file: %d %s", w.Code, w.Body)
	}

	// What the service says is passed on, what goes wrong here is not.
	for name, tt := range map[string]struct {
		err    error
		status int
		want   string
	}{
		"refused":     {&smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}, 400, "not you"},
		"try again":   {&smithy.GenericAPIError{Code: "IDPCommunicationError", Message: "later"}, 503, "later"},
		"unreachable": {errors.New("open /secret/path"), 503, "the log says why"},
	} {
		from.now(tt.err, 0)
		e.authorize = byWebIdentity
		w := ask("GET", "127.0.0.1", path, "Authorization", "a token, "+name)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || strings.Contains(w.Body.String(), "/secret/path") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := ask("GET", "127.0.0.1", path); w.Code != 401 {
		t.Errorf("no web identity: %d", w.Code)
	}
}

// serveCredentials starts the command and returns what it prints, once it is open.
func serveCredentials(t *testing.T, env []string, args ...string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sallyport", append([]string{"credentials", "serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true"}, env...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		err := cmd.Wait()
		text, _ := os.ReadFile(log.Name())
		if err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		if strings.Contains(string(text), webToken) || strings.Contains(string(text), "a'secret") {
			t.Errorf("the log has secrets:\n%s", text)
		}
	})
	variables := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		variables[name] = value
		if name == "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" || len(args) > 0 && args[len(args)-1] == "web-identity" {
			return variables
		}
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("it ended:\n%s", text)
	return nil
}

// askEndpoint asks for credentials as an SDK does.
func askEndpoint(t *testing.T, uri, authorization string) (int, deliveredCredentials) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got deliveredCredentials
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, got
}

func TestCredentialsServe(t *testing.T) {
	t.Parallel()
	sts, file := newFakeSTS(t), filepath.Join(t.TempDir(), "made")
	got := serveCredentials(t, longTerm, "--endpoint", sts.URL, "--role-arn", "arn:aws:iam::111122223333:role/reports", "--authorization-token-file", file)
	token, err := os.ReadFile(file)
	if info, _ := os.Stat(file); err != nil || len(token) < 40 || info.Mode() != 0o600 {
		t.Fatalf("the authorization token: %q, %v", token, err)
	}
	for range 3 {
		status, answer := askEndpoint(t, got["AWS_CONTAINER_CREDENTIALS_FULL_URI"], string(token))
		if status != 200 || answer.AccessKeyID != "ASIA1" || answer.RoleARN != "arn:aws:iam::111122223333:role/reports" {
			t.Errorf("%d %+v", status, answer)
		}
	}
	if status, _ := askEndpoint(t, got["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "guessed"); status != 401 {
		t.Errorf("a guess: %d", status)
	}
}

// TestAuthorizationForAll: it is said that a token is one for every program.
func TestAuthorizationForAll(t *testing.T) {
	t.Parallel()
	file := writeText(t, filepath.Join(t.TempDir(), "token"), "a-token-of-the-test")
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o640: 0, 0o644: 1, 0o602: 1} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		core, logged := observer.New(zap.WarnLevel)
		c := CredentialsServeCmd{Path: "/x", TokenFile: file, Authorization: "token", Source: credentialsSource{Endpoint: "http://127.0.0.1:1", Region: "us-east-1", WebIdentityTokenFile: "x"}}
		if _, err := c.endpoint(t.Context(), zap.New(core)); err != nil || logged.Len() != want {
			t.Errorf("mode %o: %v, %v", mode, err, logged.All())
		}
	}
}

func TestCredentialsServeWebIdentity(t *testing.T) {
	t.Parallel()
	sts := newFakeSTS(t)
	got := serveCredentials(t, nil, "--endpoint", sts.URL, "--role-arn", "arn:aws:iam::111122223333:role/reports", "--authorization", "web-identity")
	uri := got["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
	for _, token := range []string{webToken, webToken, "other." + webToken} {
		if status, _ := askEndpoint(t, uri, token); status != 200 {
			t.Errorf("%s: %d", token, status)
		}
	}
	calls := sts.calls()
	if len(calls) != 2 || calls[0].Get("WebIdentityToken") != webToken || calls[0].Get("RoleSessionName") != "shop-orders" || calls[1].Get("WebIdentityToken") != "other."+webToken {
		t.Errorf("asked %v", calls)
	}
}

func TestCredentialsServeRefused(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	short := writeText(t, filepath.Join(home, "short"), "guess")
	line := writeText(t, filepath.Join(home, "line"), "a-token-of-the-test\n")
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no token":               {nil, 2, "every program of the host"},
		"all addresses":          {[]string{"--listen=0.0.0.0:0", "--authorization=none"}, 2, "loopback"},
		"no address":             {[]string{"--listen=:0", "--authorization=none"}, 2, "loopback"},
		"another address":        {[]string{"--listen=192.0.2.1:0", "--authorization=none"}, 2, "loopback"},
		"a path that is none":    {[]string{"--path=x", "--authorization=none"}, 2, "slash"},
		"a short token":          {[]string{"--authorization-token-file", short}, 1, "can be guessed"},
		"a token of two lines":   {[]string{"--authorization-token-file", line}, 1, "end of line"},
		"no folder":              {[]string{"--authorization-token-file", filepath.Join(home, "gone", "token")}, 1, "no such file"},
		"identities, no role":    {[]string{"--authorization=web-identity"}, 2, "needs a role"},
		"identities and profile": {[]string{"--authorization=web-identity", "--profile=x"}, 2, "leave out --profile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems, code := runCredentials(t, home, longTerm, append([]string{"serve", "--endpoint=http://127.0.0.1:1", "--listen=127.0.0.1:0"}, tt.args...)...)
			if code != tt.code || !strings.Contains(problems, tt.want) {
				t.Errorf("exit code %d: %s", code, problems)
			}
		})
	}
	_, problems, code := runCredentials(t, home, append([]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:39911/x"}, longTerm...),
		"serve", "--endpoint=http://127.0.0.1:1", "--listen=127.0.0.1:39911", "--authorization=none")
	if code != 1 || !strings.Contains(problems, "asked for here") && !strings.Contains(problems, "in use") {
		t.Errorf("exit code %d: %s", code, problems)
	}
}
