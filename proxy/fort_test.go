package proxy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/secret"
	stsservice "github.com/sallyport-iam/sallyport/service/sts"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

const (
	fortAccount  = "111122223333"
	fortIssuer   = "https://idp.example.com/realm"
	fortAudience = "store"
	fortRole     = "arn:aws:iam::111122223333:role/reader"
)

// fortBundle has a user who may become a role, and a provider whose tokens may.
var fortBundle = map[string]string{
	"bundle.yaml": `accounts:
  "111122223333": {alias: storage}
  "444455556666": {alias: other}
buckets:
  - {name: "reports", account: "111122223333"}
certificates:
  - {uri: "spiffe://example.org/ns/build/*", role: "` + fortRole + `"}
  - {uri: "spiffe://example.org/ann", user: "arn:aws:iam::111122223333:user/ann"}
  - {dns: "ann.example.org", user: "arn:aws:iam::111122223333:user/ann"}
  - {dns: "eve.example.org", user: "arn:aws:iam::111122223333:user/eve"}
`,
	"accounts/111122223333/users/ann.yaml": "id: AIDAANNANNANNANNANN1\n",
	"accounts/111122223333/users/ann/own.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "sts:GetFederationToken"], "Resource": "*"}]}`,
	"accounts/111122223333/users/eve.yaml":          "id: AIDAEVEEVEEVEEVEEVE1\n",
	"accounts/111122223333/roles/reader.yaml":       "id: AROAREADERREADERREAD1\n",
	"accounts/111122223333/roles/reader.trust.json": fortTrust("build-*"),
	"accounts/111122223333/roles/reader/read.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::reports/*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}}]}`,
	"accounts/111122223333/oidc-providers/idp.yaml": `url: ` + fortIssuer + `
audiences: [` + fortAudience + `]
algorithms: [ES256]
bearer: {role: ` + fortRole + `}
`,
}

// fortTrust lets ann, and tokens of some subject, become the role.
func fortTrust(subject string) string {
	return `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/ann"}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
  {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]},
  {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/idp.example.com/realm"}, "Action": "sts:AssumeRoleWithWebIdentity",
   "Condition": {"StringLike": {"idp.example.com/realm:sub": "` + subject + `"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}`
}

// fort is an enforcement point with sessions, tokens and STS, whose bundle can
// change.
type fort struct {
	t        *testing.T
	dir      string
	manager  *bundle.Manager
	enforcer *proxy.Enforcer
	door     *proxy.Door
	store    *proxy.Route
	tokens   *proxy.Route
	audit    *audit.Log
	records  *lines
	signer   *ecdsa.PrivateKey // of the provider

	mu  sync.Mutex
	now time.Time
	// seen are the requests that the store got.
	seen []*http.Request
}

func newFort(t *testing.T) *fort { return newFortAt(t, nil) }

func newFortAt(t *testing.T, change func(*upstream.Options)) *fort {
	t.Helper()
	f := &fort{t: t, dir: t.TempDir(), records: &lines{}, now: time.Now().Truncate(time.Second)}
	for name, text := range fortBundle {
		f.write("bundle/"+name, text)
	}
	f.rotateProvider()
	f.writeKeys("ann", "eve")
	if err := bundle.CreateSessionKeys(filepath.Join(f.dir, "sessions.yaml"), f.now); err != nil {
		t.Fatal(err)
	}
	mapper := sts.New(sts.Options{SAML: true})
	everywhere := proxy.Keys()
	fills := func(of func(action, key string) bool) func(action, key string) bool {
		return func(action, key string) bool {
			return slices.Contains(everywhere, key) || of(action, key) || proxy.FillsBucketTag(action, key)
		}
	}
	f.manager = bundle.NewManager(bundle.Options{
		Directory: filepath.Join(f.dir, "bundle"), KeyFiles: []string{filepath.Join(f.dir, "keys.yaml")}, SessionKeyFile: filepath.Join(f.dir, "sessions.yaml"),
		Routes: []bundle.Route{{Name: "store", Actions: s3.Actions(), Fills: fills(s3.Fills)}, {Name: "tokens", Actions: mapper.Actions(), Fills: fills(mapper.Fills)}},
		Quiet:  time.Millisecond, Poll: 50 * time.Millisecond, Logger: zap.NewNop(),
	})
	sessions, err := session.New(session.Options{MaxBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	tokens := oidc.New(oidc.Options{Now: f.clock})
	t.Cleanup(tokens.Close)
	decisions, err := cache.New(cache.Options{MaxBytes: cache.MinBytes, MinGain: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(decisions.Close)
	f.audit = audit.New(audit.Options{Output: f.records})
	f.store = &proxy.Route{
		Name: "store", Service: "s3", Regions: []string{"us-east-1"}, Partition: "aws", Hosts: []string{"localhost"},
		Protocol: refusal.S3, Mapper: s3.New(s3.Options{ObjectTags: true}), Upstream: f.openStore(change),
	}
	f.tokens = &proxy.Route{
		Name: "tokens", Service: "sts", Regions: []string{"us-east-1", "eu-central-1"}, Partition: "aws", Hosts: []string{"localhost", "sts.example.com"},
		Protocol: refusal.Query, Namespace: sts.Namespace, Mapper: mapper, Answers: stsservice.New(sessions),
	}
	f.door = &proxy.Door{
		Name: "test", Can: proxy.Capabilities{Body: true, RewriteBody: true, Response: true, Answer: true},
		Routes: proxy.NewTable([]*proxy.Route{f.store, f.tokens}),
	}
	f.enforcer = proxy.New(proxy.Options{
		Snapshot: f.manager.Current, Verifier: sigv4.NewVerifier(sigv4.Options{}), Sessions: sessions, Tokens: tokens, Now: f.clock,
		Decide: decisions.Decide, Budget: proxy.NewBudget(8 << 20), Audit: f.audit, Metrics: proxy.NewMetrics(prometheus.NewRegistry()), Logger: zap.NewNop(),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.manager.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	f.await(1)
	return f
}

// openStore opens the store, which answers everything.
func (f *fort) openStore(change func(*upstream.Options)) *upstream.Upstream {
	f.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		f.mu.Lock()
		f.seen = append(f.seen, r)
		f.mu.Unlock()
		_, _ = io.WriteString(w, "from the store")
	}))
	f.t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL)
	if err != nil {
		f.t.Fatal(err)
	}
	o := upstream.Options{
		Name: "store", Endpoint: endpoint, Addressing: upstream.Path, Region: "us-east-1", Service: "s3",
		Credentials:    credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "store-secret-example", ""),
		ConnectTimeout: 20 * time.Second, ResponseHeaderTimeout: 20 * time.Second, IdleTimeout: time.Second,
	}
	if change != nil {
		change(&o)
	}
	up, err := upstream.New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(up.Close)
	return up
}

func (f *fort) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// pass lets time pass.
func (f *fort) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// write writes a file whole.
func (f *fort) write(name, text string) {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fort) remove(name string) {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(f.dir, name)); err != nil {
		f.t.Fatal(err)
	}
}

// await waits until a generation is in force.
func (f *fort) await(generation uint64) {
	f.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		status := f.manager.Status()
		if status.Generation >= generation {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("generation %d is not in force: %s", generation, status.LastError)
		}
	}
}

// activate makes changes of files, and waits until they are in force, all of them:
// keys are changed by themselves, or before the bundle.
func (f *fort) activate(change func()) {
	f.t.Helper()
	before := f.manager.Status()
	change()
	want, findings := bundle.Load(bundle.Options{Directory: filepath.Join(f.dir, "bundle"), KeyFiles: []string{filepath.Join(f.dir, "keys.yaml")}})
	if want == nil {
		f.t.Fatalf("the changed bundle does not load: %v", findings)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		status := f.manager.Status()
		if status.Generation > before.Generation && status.Revision == want.Revision() {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("the change is not in force: %s", status.LastError)
		}
	}
}

// writeKeys makes the access keys of users active, and no others.
func (f *fort) writeKeys(users ...string) {
	f.t.Helper()
	text := "keys:\n"
	for _, user := range users {
		text += fmt.Sprintf("  - {access_key_id: %s, secret_access_key: %s, account: %q, user: %s, status: Active}\n", keyOf(user), secretKey, fortAccount, user)
	}
	f.write("keys.yaml", text)
}

// rotateProvider gives the provider another key, in the place of those it had.
func (f *fort) rotateProvider() {
	f.t.Helper()
	var err error
	if f.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		f.t.Fatal(err)
	}
	point, err := f.signer.PublicKey.Bytes()
	if err != nil {
		f.t.Fatal(err)
	}
	x, y := point[1:33], point[33:]
	f.write("bundle/accounts/111122223333/oidc-providers/idp.jwks.json", fmt.Sprintf(`{"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one", "x": %q, "y": %q}]}`,
		base64.RawURLEncoding.EncodeToString(x), base64.RawURLEncoding.EncodeToString(y)))
}

// token is one of the provider, for an hour.
func (f *fort) token(subject string) string {
	f.t.Helper()
	now := f.clock()
	claims, err := json.Marshal(map[string]any{
		"iss": fortIssuer, "aud": fortAudience, "sub": subject, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT","kid":"one"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, f.signer, digest[:])
	if err != nil {
		f.t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// pair are credentials of a client.
type pair struct{ id, secret, token string }

func longTerm(user string) pair { return pair{keyOf(user), secretKey, ""} }

// plain is a request without credentials.
func (f *fort) plain(method, host, target, body string, fields ...wire.Field) *wire.Request {
	f.t.Helper()
	req := request(f.t, "", method, host, target, body, fields...)
	req.Peer = netip.MustParseAddrPort("203.0.113.7:1234")
	return req
}

// sign signs a request for a service; its body is given again.
func (f *fort) sign(req *wire.Request, by pair, service, body string) *wire.Request {
	sum := sha256.Sum256([]byte(body))
	c := sigv4.Credentials{AccessKeyID: by.id, SecretAccessKey: secret.New(by.secret)}
	if by.token != "" {
		c.SessionToken = secret.New(by.token)
	}
	sigv4.NewSigner().Sign(req, c, service, "us-east-1", hex.EncodeToString(sum[:]), f.clock())
	return req
}

// serve serves a request; forwarded tells whether the store saw it.
func (f *fort) serve(req *wire.Request) reply {
	f.t.Helper()
	f.mu.Lock()
	before := len(f.seen)
	f.mu.Unlock()
	resp := f.enforcer.Serve(context.Background(), f.door, req, "REQUESTIDEXAMPLE")
	out := reply{status: resp.Status, fields: resp.Fields}
	if resp.Body != nil {
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			f.t.Fatal(err)
		}
		_ = resp.Body.Close()
		out.body = string(text)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out.forwarded = len(f.seen) > before
	return out
}

// read reads an object with credentials.
func (f *fort) read(by pair, key string) reply {
	f.t.Helper()
	return f.serve(f.sign(f.plain("GET", "localhost", "/reports/"+key, ""), by, "s3", ""))
}

// readBearer reads an object with a bearer token.
func (f *fort) readBearer(token, key string) reply {
	f.t.Helper()
	return f.serve(f.plain("GET", "localhost", "/reports/"+key, "", wire.Field{Name: "authorization", Value: "Bearer " + token}))
}

// form is a request of STS without a signature.
func (f *fort) form(parameters ...string) (*wire.Request, string) {
	f.t.Helper()
	values := url.Values{"Version": {"2011-06-15"}}
	for i := 0; i < len(parameters); i += 2 {
		values.Add(parameters[i], parameters[i+1])
	}
	body := strings.ReplaceAll(values.Encode(), "+", "%20")
	return f.plain("POST", "localhost", "/", body, wire.Field{Name: "content-type", Value: "application/x-www-form-urlencoded"}), body
}

// call asks STS, signed by somebody.
func (f *fort) call(by pair, parameters ...string) reply {
	f.t.Helper()
	req, body := f.form(parameters...)
	return f.serve(f.sign(req, by, "sts", body))
}

// assume becomes the role.
func (f *fort) assume(by pair, more ...string) pair {
	f.t.Helper()
	return f.issued(f.call(by, append([]string{"Action", "AssumeRole", "RoleArn", fortRole, "RoleSessionName", "tests"}, more...)...))
}

// issued are the credentials in an answer of STS.
func (f *fort) issued(r reply) pair {
	f.t.Helper()
	if r.status != 200 {
		f.t.Fatalf("nothing was issued: %d %s", r.status, r.body)
	}
	var answer struct {
		Result struct {
			Credentials struct {
				ID     string `xml:"AccessKeyId"`
				Secret string `xml:"SecretAccessKey"`
				Token  string `xml:"SessionToken"`
			}
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(r.body), &answer); err != nil {
		f.t.Fatal(err)
	}
	c := answer.Result.Credentials
	if c.ID == "" || c.Secret == "" || c.Token == "" {
		f.t.Fatalf("no credentials in %s", r.body)
	}
	return pair{c.ID, c.Secret, c.Token}
}

// recorded ends the audit log and tells its records.
func (f *fort) recorded() []map[string]any {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := f.audit.Close(ctx); err != nil {
		f.t.Error(err)
	}
	var all []map[string]any
	for line := range strings.Lines(f.records.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, record)
	}
	return all
}
