package inprocess

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// The goals of temporary credentials, in nanoseconds: over a long-term key, and of
// 2,000 calls a second on two processors.
const (
	goalSession = 1500.0
	goalBearer  = 1000.0
	goalAssume  = 1e6
)

// stsHost is the authority of STS.
const stsHost = "sts.localhost"

const (
	roleARN  = "arn:aws:iam::" + fleet.Account + ":role/reader"
	issuer   = "https://idp.example.com"
	provider = "arn:aws:iam::" + fleet.Account + ":oidc-provider/idp.example.com"
)

// measureTemporary measures the whole check of the same request by a long-term key,
// by a session's, and by a bearer token, which are remembered, and AssumeRole.
func measureTemporary(o measure.Options, r *report.Report) (err error) {
	idp, err := newProvider()
	if err != nil {
		return err
	}
	p, err := open(few, idp.write)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	byKey, bySession, byBearer, err := p.requests(idp)
	if err != nil {
		return err
	}
	assume, err := newAssume()
	if err != nil {
		return err
	}
	whole := func(name string, req *wire.Request) measure.Subject {
		return measure.Subject{Name: name, Do: func(n int) {
			for range n {
				if r := p.check(req); r != nil {
					panic(name + ": " + r.Error())
				}
			}
		}}
	}
	series := measure.Run([]measure.Subject{
		whole("a long-term key", byKey), whole("a session token", bySession), whole("a bearer token", byBearer),
		{Name: "AssumeRole: the whole, and its answer", Do: func(n int) {
			for range n {
				if status := assume.serve(p); status != http.StatusOK {
					panic(fmt.Sprintf("AssumeRole: %d", status))
				}
			}
		}},
	}, o)
	more := func(nanoseconds float64) string { return report.Duration(nanoseconds) + " more" }
	goals := [][]report.Goal{
		nil,
		{{What: "a session token over a long-term key", Measured: series[1].More(series[0]), Unit: more, Bound: goalSession}},
		{{What: "a bearer token over a long-term key", Measured: series[2].More(series[0]), Unit: more, Bound: goalBearer}},
		{{What: "AssumeRole, the whole, and its answer", Measured: series[3].Time(), Unit: report.Duration, Bound: goalAssume}},
	}
	var cells [][]string
	for i, s := range series {
		time, ratio := s.Time(), s.Over(series[0])
		cells = append(cells, []string{
			s.Name, report.Duration(time.Median) + " ±" + report.Percent(time.Spread), report.Ratio(ratio.Median) + " ±" + report.Percent(ratio.Spread),
			fmt.Sprintf("%.0f", s.Allocations), report.Cell(goals[i]...),
		})
		r.Goals = append(r.Goals, goals[i]...)
	}
	r.Text += "### The whole check by what the caller shows, in process\n\n" +
		report.Table([]string{"credentials", "time", "over a long-term key", "allocations", "goal"}, cells) + "\n"
	return nil
}

// identityProvider makes tokens.
type identityProvider struct{ key *ecdsa.PrivateKey }

func newProvider() (*identityProvider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &identityProvider{key}, err
}

// write declares the provider and a role in a bundle, and makes session keys.
func (i *identityProvider) write(directory string) (bundle.Options, error) {
	account := filepath.Join(directory, "bundle", "accounts", fleet.Account)
	point, err := i.key.PublicKey.Bytes()
	if err != nil {
		return bundle.Options{}, err
	}
	half := (len(point) - 1) / 2
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:user/u0"},"Action":"sts:AssumeRole"},
		{"Effect":"Allow","Principal":{"Federated":%q},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"idp.example.com:sub":"build"}}}]}`, fleet.Account, provider)
	for name, text := range map[string]string{
		"roles/reader.yaml":            "id: AROA0000000000000001\n",
		"roles/reader.trust.json":      trust,
		"roles/reader/own.json":        string(fleet.Document(0)),
		"oidc-providers/idp.yaml":      fmt.Sprintf("url: %s\naudiences: [store]\nalgorithms: [ES256]\nbearer: {role: %q}\n", issuer, roleARN),
		"oidc-providers/idp.jwks.json": fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"one","x":%q,"y":%q}]}`, encode(point[1:1+half]), encode(point[1+half:])),
	} {
		file := filepath.Join(account, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return bundle.Options{}, err
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return bundle.Options{}, err
		}
	}
	keys := filepath.Join(directory, "sessions.yaml")
	return bundle.Options{SessionKeyFile: keys}, bundle.CreateSessionKeys(keys, now)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is a token for a day.
func (i *identityProvider) token() (string, error) {
	claims, err := json.Marshal(map[string]any{"iss": issuer, "aud": "store", "sub": "build", "iat": now.Unix(), "exp": now.Add(24 * time.Hour).Unix()})
	if err != nil {
		return "", err
	}
	text := encode([]byte(`{"alg":"ES256","typ":"JWT","kid":"one"}`)) + "." + encode(claims)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 2*sha256.Size)
	r.FillBytes(signature[:sha256.Size])
	s.FillBytes(signature[sha256.Size:])
	return text + "." + encode(signature), nil
}

// requests are the same read by each kind of credentials.
func (p *point) requests(idp *identityProvider) (byKey, bySession, byBearer *wire.Request, err error) {
	read := fleet.Request{Method: http.MethodGet, Path: fleet.Home(0) + "2026/07/01/part-00017.parquet", Hash: fleet.EmptyHash}
	if byKey, err = signed(read); err != nil {
		return nil, nil, nil, err
	}
	temporary, err := p.assume()
	if err != nil {
		return nil, nil, nil, err
	}
	if bySession, err = signedWith(temporary, read); err != nil {
		return nil, nil, nil, err
	}
	token, err := idp.token()
	if err != nil {
		return nil, nil, nil, err
	}
	byBearer = byKey.Clone()
	byBearer.Fields.Set("authorization", "Bearer "+token)
	byBearer.Fields.Del("x-amz-date")
	for name, req := range map[string]*wire.Request{"a key": byKey, "a session": bySession, "a token": byBearer} {
		if r := p.check(req); r != nil {
			return nil, nil, nil, fmt.Errorf("a read by %s is refused: %w", name, r)
		}
		other := *req
		other.Path += "x"
		if r := p.check(&other); (r == nil) != (name == "a token") { // nothing signs the path then
			return nil, nil, nil, errors.New("a read of another object by " + name + " went otherwise")
		}
	}
	return byKey, bySession, byBearer, nil
}

// assume are credentials of the role.
func (p *point) assume() (fleet.Key, error) {
	user, _ := p.snapshot.Credential(fleet.User(0).AccessKeyID)
	asking, refusal := p.sessions.Prepare(&session.Question{
		Snapshot: p.snapshot, Caller: user.Caller, AccessKeyID: fleet.User(0).AccessKeyID, Now: now,
		Assumption: &action.Assumption{Action: "sts:AssumeRole", RoleARN: roleARN, SessionName: "bench"},
	})
	if refusal != nil {
		return fleet.Key{}, refusal
	}
	request := &authz.Request{Now: now}
	granted, refusal := asking.MayAssume(
		func(a *authz.Access) authz.Decision { return authz.Decide(asking.Caller(), request, a) },
		func(*authz.Access, authz.Decision) {})
	if refusal != nil {
		return fleet.Key{}, refusal
	}
	c, refusal := p.sessions.Issue(p.snapshot, granted, now)
	if refusal != nil {
		return fleet.Key{}, refusal
	}
	return fleet.Key{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret.Reveal(), SessionToken: c.SessionToken.Reveal()}, nil
}

// assumption is a request of AssumeRole, whose body is given anew each time.
type assumption struct {
	request *wire.Request
	body    []byte
}

func newAssume() (*assumption, error) {
	body := []byte("Action=AssumeRole&Version=2011-06-15&RoleArn=" + roleARN + "&RoleSessionName=bench")
	out, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+stsHost+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sum, key := sha256.Sum256(body), fleet.User(0)
	credentials := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), credentials, out, hex.EncodeToString(sum[:]), "sts", fleet.Region, now); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := out.Write(&text); err != nil {
		return nil, err
	}
	in, err := http.ReadRequest(bufio.NewReader(&text))
	if err != nil {
		return nil, err
	}
	req, refusal := nethttp.Request(in, "http", netip.MustParseAddrPort("127.0.0.1:50000"))
	if refusal != nil {
		return nil, refusal
	}
	return &assumption{req, body}, nil
}

// serve asks for credentials, and reads the answer.
func (a *assumption) serve(p *point) (status int) {
	req := *a.request
	req.Body = io.NopCloser(bytes.NewReader(a.body))
	resp := p.enforcer.Serve(context.Background(), p.door, &req, "0123456789abcdef")
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.Status
}
