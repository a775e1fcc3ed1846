package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeSTS is a Security Token Service that answers everything alike and keeps what
// it was asked.
type fakeSTS struct {
	*httptest.Server
	mu    sync.Mutex
	asked []url.Values
	// life is how long its credentials hold; refusal is the error that it answers
	// with, code and message.
	life    time.Duration
	refusal [2]string
}

func newFakeSTS(t *testing.T) *fakeSTS {
	t.Helper()
	f := &fakeSTS{life: time.Hour}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSTS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = r.ParseForm()
	form := url.Values{}
	for name, values := range r.PostForm {
		form[name] = values
	}
	if signed := r.Header.Get("Authorization"); signed != "" {
		form.Set("signed-by", strings.SplitN(strings.TrimPrefix(signed, "AWS4-HMAC-SHA256 Credential="), "/", 2)[0])
	}
	f.asked = append(f.asked, form)
	w.Header().Set("Content-Type", "text/xml")
	if f.refusal[0] != "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", f.refusal[0], f.refusal[1])
		return
	}
	action := form.Get("Action")
	fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials>
<AccessKeyId>ASIA%[2]d</AccessKeyId><SecretAccessKey>a'secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>%[3]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`, action, len(f.asked), time.Now().Add(f.life).UTC().Format(time.RFC3339))
}

func (f *fakeSTS) calls() []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// webToken is a token of a service account, as far as one can see without its
// signature.
const webToken = "e30.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6c2hvcDpvcmRlcnMifQ.c2ln"

// runCredentials runs the command in a place without configuration, with the
// environment given besides.
func runCredentials(t *testing.T, home string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sallyport", append([]string{"credentials"}, args...)...)
	cmd.Dir = home
	cmd.Env = append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

func writeText(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var longTerm = []string{"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

func TestCredentialsGet(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111122223333:role/reports"
	tests := map[string]struct {
		env, args []string
		want      url.Values
	}{
		"web identity": {
			args: []string{"get", "--web-identity-token-file", "token", "--role-arn", role, "--duration", "15m"},
			want: url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "RoleArn": {role}, "RoleSessionName": {"shop-orders"}, "WebIdentityToken": {webToken}, "DurationSeconds": {"900"}},
		},
		"web identity by the environment": {
			env:  []string{"AWS_WEB_IDENTITY_TOKEN_FILE=token", "AWS_ROLE_ARN=" + role, "AWS_ROLE_SESSION_NAME=s1"},
			want: url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "RoleArn": {role}, "RoleSessionName": {"s1"}, "WebIdentityToken": {webToken}},
		},
		"a role": {
			env: longTerm, args: []string{"--role-arn", role, "--external-id", "x", "--mfa-serial", "arn:aws:iam::111122223333:mfa/me", "--token-code", "123456"},
			want: url.Values{"Action": {"AssumeRole"}, "RoleArn": {role}, "RoleSessionName": {"sallyport"}, "ExternalId": {"x"}, "SerialNumber": {"arn:aws:iam::111122223333:mfa/me"}, "TokenCode": {"123456"}, "signed-by": {"AKIAIOSFODNN7EXAMPLE"}},
		},
		"a role, by a profile": {
			env: longTerm, args: []string{"--role-arn", role, "--profile", "other"},
			want: url.Values{"Action": {"AssumeRole"}, "RoleArn": {role}, "RoleSessionName": {"sallyport"}, "signed-by": {"AKIAOTHER"}},
		},
		"a session token": {
			env: longTerm, args: []string{"--duration", "12h"},
			want: url.Values{"Action": {"GetSessionToken"}, "DurationSeconds": {"43200"}, "signed-by": {"AKIAIOSFODNN7EXAMPLE"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home, sts := t.TempDir(), newFakeSTS(t)
			writeText(t, filepath.Join(home, "token"), webToken+"\n")
			if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
				t.Fatal(err)
			}
			writeText(t, filepath.Join(home, ".aws", "credentials"), "[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = x\n")
			out, problems, code := runCredentials(t, home, append([]string{"AWS_ENDPOINT_URL_STS=" + sts.URL, "AWS_ENDPOINT_URL=http://127.0.0.1:1"}, tt.env...), tt.args...)
			if code != 0 || problems != "" {
				t.Fatalf("exit code %d: %s", code, problems)
			}
			var got printedCredentials
			if err := json.Unmarshal([]byte(out), &got); err != nil || got.Version != 1 || got.AccessKeyID != "ASIA1" ||
				got.SecretAccessKey != "a'secret" || got.SessionToken != "token" || time.Until(got.Expiration) < 50*time.Minute {
				t.Errorf("printed %s (%v)", out, err)
			}
			calls := sts.calls()
			if len(calls) != 1 {
				t.Fatalf("%d calls", len(calls))
			}
			calls[0].Del("Version")
			if diff := cmp.Diff(tt.want, calls[0]); diff != "" {
				t.Errorf("-want +asked:\n%s", diff)
			}
		})
	}
}

// TestCredentialsChain: a profile that takes a role itself asks for it at the same
// service, and not at AWS.
func TestCredentialsChain(t *testing.T) {
	t.Parallel()
	const first, second = "arn:aws:iam::111122223333:role/first", "arn:aws:iam::111122223333:role/second"
	home, sts := t.TempDir(), newFakeSTS(t)
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(home, ".aws", "config"), "[profile me]\nrole_arn = "+first+"\nsource_profile = base\n[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = x\n")
	_, problems, code := runCredentials(t, home, []string{"HTTPS_PROXY=http://127.0.0.1:1"}, "get", "--endpoint", sts.URL, "--profile", "me", "--role-arn", second)
	if code != 0 || problems != "" {
		t.Fatalf("exit code %d: %s", code, problems)
	}
	var got [][2]string
	for _, call := range sts.calls() {
		got = append(got, [2]string{call.Get("RoleArn"), call.Get("signed-by")})
	}
	if want := [][2]string{{first, "AKIABASE"}, {second, "ASIA1"}}; !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
}

func TestCredentialsEnv(t *testing.T) {
	t.Parallel()
	out, problems, code := runCredentials(t, t.TempDir(), longTerm, "-o", "env", "--endpoint", newFakeSTS(t).URL)
	if code != 0 || !strings.HasPrefix(out, "export AWS_ACCESS_KEY_ID='ASIA1'\nexport AWS_SECRET_ACCESS_KEY='a'\\''secret'\nexport AWS_SESSION_TOKEN='token'\nexport AWS_CREDENTIAL_EXPIRATION='2") {
		t.Errorf("printed %s%s", out, problems)
	}
}

// TestCredentialsRefused: what cannot be asked, and what the service refuses, is
// said in one line, and nothing is printed.
func TestCredentialsRefused(t *testing.T) {
	t.Parallel()
	const role = "--role-arn=arn:aws:iam::111122223333:role/reports"
	tests := map[string]struct {
		args    []string
		refusal [2]string
		code    int
		want    string
	}{
		"no endpoint":              {args: []string{"--endpoint="}, code: 2, want: "is no URL"},
		"an endpoint with a user":  {args: []string{"--endpoint=http://me@127.0.0.1"}, code: 2, want: "is no URL"},
		"a token without a role":   {args: []string{"--web-identity-token-file=token"}, code: 2, want: "needs a role"},
		"a token and a profile":    {args: []string{"--web-identity-token-file=token", role, "--profile=x"}, code: 2, want: "a credential by itself"},
		"a token and a device":     {args: []string{"--web-identity-token-file=token", role, "--mfa-serial=x"}, code: 2, want: "no MFA devices"},
		"an external id, no role":  {args: []string{"--external-id=x"}, code: 2, want: "assuming a role"},
		"too short":                {args: []string{"--duration=14m"}, code: 2, want: "15m to 36h"},
		"a code that is none":      {args: []string{"--mfa-serial=x", "--token-code=12345x"}, code: 2, want: "six digits"},
		"a code without a device":  {args: []string{"--token-code=123456"}, code: 2, want: "--mfa-serial"},
		"a device, no terminal":    {args: []string{"--mfa-serial=x"}, code: 1, want: "no terminal"},
		"no file":                  {args: []string{"--web-identity-token-file=gone", role}, code: 1, want: "the web identity token: open gone"},
		"an empty file":            {args: []string{"--web-identity-token-file=empty", role}, code: 1, want: "holds none"},
		"a file that is too long":  {args: []string{"--web-identity-token-file=long", role}, code: 1, want: "longer than 20000 bytes"},
		"no such profile":          {args: []string{"--profile=gone"}, code: 1, want: "gone"},
		"no authorities":           {args: []string{"--ca-file=token"}, code: 1, want: "no certificate in PEM form"},
		"refused":                  {args: []string{role}, refusal: [2]string{"AccessDenied", "not you"}, code: 1, want: "sallyport: AccessDenied: not you\nhint: the trust policy"},
		"refused, without a hint":  {args: []string{role}, refusal: [2]string{"ValidationError", "too long"}, code: 1, want: "sallyport: ValidationError: too long\n"},
		"the token is over":        {args: []string{"--web-identity-token-file=token", role}, refusal: [2]string{"ExpiredTokenException", "over"}, code: 1, want: "hint: get a new token"},
		"the token is not genuine": {args: []string{"--web-identity-token-file=token", role}, refusal: [2]string{"InvalidIdentityToken", "no"}, code: 1, want: "issuer, audience and algorithm"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home, sts := t.TempDir(), newFakeSTS(t)
			sts.refusal = tt.refusal
			writeText(t, filepath.Join(home, "token"), webToken)
			writeText(t, filepath.Join(home, "empty"), "\n")
			writeText(t, filepath.Join(home, "long"), strings.Repeat("x", 20001))
			out, problems, code := runCredentials(t, home, append([]string{"AWS_ENDPOINT_URL=" + sts.URL}, longTerm...), tt.args...)
			if code != tt.code || out != "" || !strings.Contains(problems, tt.want) || strings.Contains(problems, webToken) {
				t.Errorf("exit code %d, printed %q\n%s", code, out, problems)
			}
		})
	}
}

// TestCredentialsElsewhere: an endpoint that is no STS is named as such.
func TestCredentialsElsewhere(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"a store": "<Error><Code>MethodNotAllowed</Code></Error>", "a page": "<html>not here</html>", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusMethodNotAllowed)
				fmt.Fprint(w, answer)
			}))
			t.Cleanup(store.Close)
			_, problems, code := runCredentials(t, home, longTerm, "--endpoint", store.URL)
			if code != 1 || !strings.Contains(problems, "hint: is "+store.URL+" a door of Sallyport that offers sts?") {
				t.Errorf("exit code %d: %s", code, problems)
			}
		})
	}
}

// TestCredentialsCache: what is kept is printed until shortly before its end, to
// nobody else and in answer to no other question.
func TestCredentialsCache(t *testing.T) {
	t.Parallel()
	home, sts := t.TempDir(), newFakeSTS(t)
	cache := filepath.Join(home, "cache")
	env := append([]string{"AWS_ENDPOINT_URL=" + sts.URL}, longTerm...)
	key := func(env []string, args ...string) string {
		t.Helper()
		out, problems, code := runCredentials(t, home, env, append([]string{"--cache", cache}, args...)...)
		var got printedCredentials
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
			t.Fatalf("%v\n%s", err, problems)
		}
		return got.AccessKeyID
	}
	device := []string{"--mfa-serial", "arn:aws:iam::111122223333:mfa/me"}
	for step, got := range []string{
		key(env, append(device, "--token-code", "123456")...),
		key(env, device...), // no code is asked for
		key(env),            // another question
		key(env),
		key(append(env, "AWS_ACCESS_KEY_ID=AKIAANOTHER"), "--role-arn", "arn:aws:iam::111122223333:role/reports"),
	} {
		if want := []string{"ASIA1", "ASIA1", "ASIA2", "ASIA2", "ASIA3"}[step]; got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
	}
	sts.mu.Lock()
	sts.life = remaining - time.Second
	sts.mu.Unlock()
	if first, second := key(env), key(env); first != "ASIA4" || second != "ASIA5" {
		t.Errorf("credentials about to expire were kept: %s, %s", first, second)
	}
	info, err := os.Stat(cache)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	if err := os.Chmod(cache, 0o640); err != nil {
		t.Fatal(err)
	}
	if out, problems, code := runCredentials(t, home, env, "--cache", cache); code != 1 || out != "" || !strings.Contains(problems, "hint: make it readable by its owner alone") {
		t.Errorf("a cache that others can read: %d %s", code, problems)
	}
	mine := writeText(t, filepath.Join(home, "mine"), "precious")
	if out, problems, code := runCredentials(t, home, env, "--cache", mine); code != 1 || out != "" || !strings.Contains(problems, "is no cache of credentials") {
		t.Errorf("a file of another kind: %d %s", code, problems)
	}
}

// TestCredentialsLoop: a profile whose credential_process asks for the credentials
// of that profile ends, and says why.
func TestCredentialsLoop(t *testing.T) {
	t.Parallel()
	home, sts := t.TempDir(), newFakeSTS(t)
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(home, ".aws", "config"), "[default]\ncredential_process = sallyport credentials --endpoint "+sts.URL+"\n")
	_, problems, code := runCredentials(t, home, nil, "--endpoint", sts.URL)
	if code != 1 || !strings.Contains(problems, "takes its credentials from itself") {
		t.Errorf("exit code %d: %s", code, problems)
	}
	writeText(t, filepath.Join(home, ".aws", "config"), "[default]\ncredential_process = sallyport credentials --profile me --endpoint "+sts.URL+
		"\n[profile me]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n")
	if _, problems, code := runCredentials(t, home, nil, "--endpoint", sts.URL); code != 0 {
		t.Errorf("one process within another: exit code %d: %s", code, problems)
	}
}

// TestCredentialsStayThere: a token is not sent where an answer sends it.
func TestCredentialsStayThere(t *testing.T) {
	t.Parallel()
	home, sts := t.TempDir(), newFakeSTS(t)
	away := httptest.NewServer(http.RedirectHandler(sts.URL, http.StatusTemporaryRedirect))
	t.Cleanup(away.Close)
	writeText(t, filepath.Join(home, "token"), webToken)
	_, problems, code := runCredentials(t, home, nil, "--endpoint", away.URL, "--web-identity-token-file", "token", "--role-arn", "arn:aws:iam::111122223333:role/reports", "--timeout", "2s")
	if code != 1 || len(sts.calls()) != 0 {
		t.Errorf("exit code %d, %d calls: %s", code, len(sts.calls()), problems)
	}
	// Nor is what a profile shows on the way to its own credentials.
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	const profile = "[profile me]\nrole_arn = arn:aws:iam::111122223333:role/first\n"
	for name, rest := range map[string]string{
		"a token": "web_identity_token_file = " + filepath.Join(home, "token") + "\n",
		"a key":   "source_profile = base\n[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = x\n",
	} {
		writeText(t, filepath.Join(home, ".aws", "config"), profile+rest)
		_, problems, code := runCredentials(t, home, []string{"HTTPS_PROXY=http://127.0.0.1:1"}, "--endpoint", away.URL, "--profile", "me", "--timeout", "2s")
		if code != 1 || len(sts.calls()) != 0 {
			t.Errorf("a profile with %s: exit code %d, %d calls: %s", name, code, len(sts.calls()), problems)
		}
	}
}

// terminal is what a person sees and types.
type terminal struct {
	bytes.Buffer
	typed *strings.Reader
}

func (t *terminal) Read(b []byte) (int, error) { return t.typed.Read(b) }

func TestAskCode(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"123456\n": "123456", " 000000 \r\n": "000000", "123456": "123456", "12345\n": "", "": "", "1234567\n": "", "abcdef\n": ""} {
		screen := &terminal{typed: strings.NewReader(typed)}
		got, err := askCode(screen, "device")
		if got != want || (err == nil) != (want != "") || screen.String() != "Code of the MFA device device: " {
			t.Errorf("%q: %q, %v, asked %q", typed, got, err, screen.String())
		}
	}
}

func TestCredentialsInClear(t *testing.T) {
	t.Parallel()
	for endpoint, warns := range map[string]bool{
		"https://store.example.com":    false,
		"http://store.example.com":     true,
		"http://192.0.2.7:9000":        true,
		"http://127.0.0.1:9000":        false,
		"http://[::1]:9000":            false,
		"http://localhost":             false,
		"http://localhost.example.com": true,
	} {
		source := credentialsSource{Endpoint: endpoint}
		if warning := source.inClear(); (warning != "") != warns {
			t.Errorf("%s: %q", endpoint, warning)
		}
	}
}
