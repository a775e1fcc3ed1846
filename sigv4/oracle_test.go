package sigv4_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// The signer of aws-sdk-go-v2, and for SigV4A that of smithy-go, are the oracle:
// what they sign must be accepted, and what is changed afterwards refused.

const oracleRounds = 1500

var oracleCredentials = aws.Credentials{AccessKeyID: exampleID, SecretAccessKey: exampleSecret}

func oracleFor(service string) *v4.Signer {
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
}

// oddities are pieces of keys, parameters and header values.
var oddities = []string{
	"a", "b", "Z", "0", "9", "-", "_", ".", "~", " ", "+", "%", "/", "//", "/./", "/../", "..", ":", "@", "!", "$", "&", "'",
	"(", ")", "*", ",", ";", "=", "[", "]", "#", "?", "|", "\"", "<", ">", "\\", "^", "`", "{", "}", "é", "ሴ", "🗝", "\x01", "\x7f",
	"%2F", "%25", "key", "prefix", "x-amz-acl", "folder/", "😀/", "aws:arn",
}

func odd(r *rand.Rand, pieces int) string {
	var b strings.Builder
	for range r.IntN(pieces + 1) {
		b.WriteString(oddities[r.IntN(len(oddities))])
	}
	return b.String()
}

// oddValue is odd without what HTTP forbids in a field.
func oddValue(r *rand.Rand) string {
	v := odd(r, 6) + strings.Repeat(" ", r.IntN(4)) + odd(r, 3)
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return 'x'
		}
		return c
	}, v)
}

// awsEscape is the encoding that AWS documents for keys and parameters.
func awsEscape(s string, slash bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 || slash && c == '/' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// oddRequest is a request with an odd key, query and header.
func oddRequest(t testing.TB, r *rand.Rand, service string) *http.Request {
	method := []string{"GET", "PUT", "HEAD", "DELETE", "POST"}[r.IntN(5)]
	host := []string{"bucket.s3.amazonaws.com", "localhost:9000", "127.0.0.1:8080", "[::1]:9000", "s3.example.com"}[r.IntN(5)]
	req, err := http.NewRequestWithContext(context.Background(), method, "https://"+host+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Path = "/" + odd(r, 10)
	if service != "s3" {
		req.URL.Path = "/2015-03-31/functions/" + strings.NewReplacer("/", "", ".", "").Replace(odd(r, 10)) + "x/invocations"
	}
	req.URL.RawPath = awsEscape(req.URL.Path, true)
	if r.IntN(3) == 0 {
		req.URL.RawPath = "" // net/url's own encoding leaves more bytes raw
	}
	query := url.Values{}
	for range r.IntN(5) {
		name := odd(r, 4)
		if name == "" || strings.HasPrefix(name, "x-amz-") {
			name = "p"
		}
		query.Add(name, odd(r, 4))
	}
	if r.IntN(3) == 0 {
		query.Add("uploads", "")
	}
	req.URL.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	for _, name := range []string{"X-Amz-Meta-A", "X-Amz-Tagging", "X-Amz-Acl", "Content-Type", "If-None-Match", "Range", "Cache-Control", "X-Amz-Meta-B"} {
		if r.IntN(3) == 0 {
			req.Header.Set(name, oddValue(r))
		}
	}
	if r.IntN(4) == 0 {
		req.Header.Add("X-Amz-Meta-A", oddValue(r))
	}
	if r.IntN(2) == 0 && method != "GET" {
		req.ContentLength = int64(r.IntN(1 << 20))
	}
	return req
}

// sortsAlike tells that sorting decoded and encoded parameters is the same;
// the oracle does the former, AWS's specification the latter.
func sortsAlike(u *url.URL) bool {
	names, encoded := []string{}, []string{}
	for name, values := range u.Query() {
		for _, value := range values {
			names = append(names, name+"\x00"+value)
			encoded = append(encoded, awsEscape(name, false)+"\x00"+awsEscape(value, false))
		}
	}
	slices.Sort(names)
	slices.Sort(encoded)
	for i, pair := range names {
		name, value, _ := strings.Cut(pair, "\x00")
		if encoded[i] != awsEscape(name, false)+"\x00"+awsEscape(value, false) {
			return false
		}
	}
	return true
}

// arrived is the request as a door hands it on.
func arrived(t testing.TB, r *http.Request) *wire.Request {
	t.Helper()
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	req := newRequest(t, r.Method, host, r.URL.RequestURI(), "")
	req.BodySize = r.ContentLength
	for name, values := range r.Header {
		for _, value := range values {
			req.Fields.Add(strings.ToLower(name), strings.Trim(value, " \t"))
		}
	}
	return req
}

// respell writes the query in another order and spelling of the same meaning.
func respell(t testing.TB, r *rand.Rand, req *wire.Request) {
	pieces := strings.Split(req.RawQuery, "&")
	r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	for i, piece := range pieces {
		if name, value, found := strings.Cut(piece, "="); found && value == "" && r.IntN(2) == 0 {
			pieces[i] = name
		}
		if r.IntN(4) == 0 {
			pieces[i] = lowerEscapes(pieces[i])
		}
	}
	query(t, func(string) string { return strings.Join(pieces, "&") })(req)
}

func lowerEscapes(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '%' && i+2 < len(b) {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// mutate changes one thing of a signed request and says what.
func mutate(t testing.TB, r *rand.Rand, req *wire.Request) string {
	switch r.IntN(8) {
	case 0:
		req.Method = map[string]string{"GET": "DELETE", "DELETE": "GET"}[req.Method] + "X"
		return "method"
	case 1:
		req.Path += "x"
		return "path"
	case 2:
		query(t, func(q string) string { return strings.TrimPrefix(q+"&zz=1", "&") })(req)
		return "query"
	case 3:
		req.Host = "x" + req.Host
		return "host"
	case 4:
		req.Fields.Add("x-amz-copy-source", "/bucket/other")
		return "added field"
	case 5:
		i := slices.IndexFunc(req.Fields, func(f wire.Field) bool {
			return strings.HasPrefix(f.Name, "x-amz-") && f.Name != "x-amz-date"
		})
		if i < 0 {
			req.Method = "X"
			return "method"
		}
		req.Fields[i].Value += "x"
		return "value of " + req.Fields[i].Name
	case 6:
		i := slices.IndexFunc(req.Fields, func(f wire.Field) bool { return f.Name == "authorization" })
		if i < 0 {
			replace(t, "X-Amz-Expires=", "X-Amz-Expires=1")(req)
			return "expiry"
		}
		a := req.Fields[i].Value
		at := len(a) - 1 - r.IntN(64)
		req.Fields[i].Value = flip(a, at)
		return "signature"
	default:
		if _, sent := req.Fields.Lookup("x-amz-meta-a"); !sent {
			req.Path += "/"
			return "path"
		}
		req.Fields.Del("x-amz-meta-a")
		return "removed field"
	}
}

func TestOracle(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 8})
	for _, service := range []string{"s3", "lambda"} {
		oracle, oracleV4A := oracleFor(service), oracleV4AFor(service)
		for _, scheme := range []sigv4.Scheme{sigv4.Header, sigv4.Query} {
			signers := []struct {
				algorithm string
				fit       func(u *url.URL) bool
				sign      func(t testing.TB, r *rand.Rand, out *http.Request, payload string) *wire.Request
			}{
				{"AWS4-HMAC-SHA256", sortsAlike, func(t testing.TB, _ *rand.Rand, out *http.Request, payload string) *wire.Request {
					return signedByOracle(t, oracle, out, scheme, payload, service)
				}},
				{algorithmV4A, func(*url.URL) bool { return true }, func(t testing.TB, r *rand.Rand, out *http.Request, payload string) *wire.Request {
					return signedByOracleV4A(t, r, oracleV4A, out, scheme, payload, service)
				}},
			}
			for _, signer := range signers {
				t.Run(service+" "+scheme.String()+" "+signer.algorithm, func(t *testing.T) {
					t.Parallel()
					r := rand.New(rand.NewPCG(4, uint64(scheme)))
					p := s3Params(exampleNow)
					p.Service = service
					signed := 0
					for range oracleRounds {
						out := oddRequest(t, r, service)
						payload := []string{emptyHash, hashOf("body"), "UNSIGNED-PAYLOAD"}[r.IntN(3)]
						if service != "s3" && payload == "UNSIGNED-PAYLOAD" {
							continue
						}
						if !signer.fit(out.URL) {
							continue
						}
						p.Payload.BodyHash = payload
						if service == "s3" || r.IntN(2) == 0 {
							out.Header.Set("X-Amz-Content-Sha256", payload)
						}
						req := signer.sign(t, r, out, payload)
						respell(t, r, req)
						v, refusal := verifier.Verify(req, p)
						if refusal != nil || v.Algorithm != signer.algorithm {
							t.Fatalf("refused: %v\n%s %s\n%q\n%s", refusal, req.Method, req.Target(), req.Fields, detail(refusal, "CanonicalRequest"))
						}
						signed++
						changed := clone(req)
						what := mutate(t, r, changed)
						if _, refusal := verifier.Verify(changed, p); refusal == nil {
							t.Fatalf("accepted with another %s\n%s %s\n%q", what, req.Method, req.Target(), req.Fields)
						}
					}
					if signed < oracleRounds/2 {
						t.Errorf("only %d of %d requests were comparable", signed, oracleRounds)
					}
				})
			}
		}
	}
}

func signedByOracle(t testing.TB, oracle *v4.Signer, out *http.Request, scheme sigv4.Scheme, payload, service string) *wire.Request {
	t.Helper()
	ctx := context.Background()
	if scheme == sigv4.Header {
		if err := oracle.SignHTTP(ctx, oracleCredentials, out, payload, service, "us-east-1", exampleNow); err != nil {
			t.Fatal(err)
		}
		return arrived(t, out)
	}
	// Fields that the presigner moves into the query keep their meaning there;
	// the others are sent as they were signed.
	separator := "&"
	if out.URL.RawQuery == "" {
		separator = ""
	}
	out.URL.RawQuery += separator + "X-Amz-Expires=900"
	uri, header, err := oracle.PresignHTTP(ctx, oracleCredentials, out, payload, service, "us-east-1", exampleNow)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	presigned := &http.Request{Method: out.Method, URL: target, Host: out.URL.Host, Header: header, ContentLength: out.ContentLength}
	presigned.Header.Del("Host")
	presigned.Header.Del("Content-Length")
	return arrived(t, presigned)
}

// TestSignLikeOracle: where the oracle signs the same fields, Sign makes the
// same Authorization field.
func TestSignLikeOracle(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"s3", "lambda"} {
		r := rand.New(rand.NewPCG(5, 5))
		oracle, signer := oracleFor(service), sigv4.NewSigner()
		compared := 0
		for range oracleRounds {
			out := oddRequest(t, r, service)
			if !sortsAlike(out.URL) {
				continue
			}
			out.ContentLength = 0 // the oracle signs a length, Sign does not
			c := sigv4.Credentials{AccessKeyID: exampleID, SecretAccessKey: secret.New(exampleSecret)}
			credentials := oracleCredentials
			if r.IntN(2) == 0 {
				credentials.SessionToken, c.SessionToken = "token", secret.New("token")
			}
			req := arrived(t, out)
			respell(t, r, req)
			target := req.Target()
			if service == "s3" {
				out.Header.Set("X-Amz-Content-Sha256", emptyHash)
				// What goes out is the path as it is, what is signed its canonical form.
				out.URL.RawPath = awsEscape(out.URL.Path, true)
			}
			now := exampleNow.Add(time.Duration(r.IntN(1000)) * time.Hour)
			if err := oracle.SignHTTP(context.Background(), credentials, out, emptyHash, service, "us-east-1", now); err != nil {
				t.Fatal(err)
			}
			signer.Sign(req, c, service, "us-east-1", emptyHash, now)
			if got, want := req.Fields.Get("authorization"), out.Header.Get("Authorization"); got != want {
				t.Fatalf("%s %s\n got %s\nwant %s", req.Method, target, got, want)
			}
			if req.Target() != target {
				t.Fatalf("target %s became %s", target, req.Target())
			}
			compared++
		}
		if compared < oracleRounds/2 {
			t.Errorf("only %d of %d requests were comparable", compared, oracleRounds)
		}
	}
}
