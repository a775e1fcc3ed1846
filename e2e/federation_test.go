//go:build unix

package e2e_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/sallyport-iam/sallyport/e2e/issuer"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// clusterURL is the issuer of a Kubernetes cluster that nobody asks for its keys.
const clusterURL = "https://kubernetes.default.svc.cluster.local"

// cluster signs its service accounts' tokens.
var cluster = sync.OnceValue(func() *issuer.Key {
	key, err := issuer.NewKey("RS256")
	if err != nil {
		panic(err)
	}
	return key
})

// serviceAccount are the claims of the service account that may be in the role
// orders.
func serviceAccount() issuer.Claims {
	return issuer.ServiceAccount(clusterURL, "shop", "orders", "sts.amazonaws.com")
}

// roleARN is the ARN of a role of the tests' account.
func roleARN(name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// mfaDevice is the MFA device of the user operator.
const mfaDevice = "arn:aws:iam::" + account + ":mfa/operator"

// seed is what the device and Sallyport share.
const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// federation is a Sallyport that issues temporary credentials, in front of the
// shared store, and a bucket.
type federation struct {
	*instance
	// sts is the door that offers that alone, tls the one that takes certificates.
	sts, tls string
	operator sallyport.Key
	bucket   string
}

// federate starts one; before may change the site first.
func federate(t testing.TB, before ...func(*sallyport.Site)) *federation {
	t.Helper()
	needsSallyport(t)
	f := &federation{bucket: bucket(t)}
	f.instance = serveFolder(t, filepath.Join("testdata", "federation"), "", upstream(shared.store), append([]func(*sallyport.Site){func(site *sallyport.Site) {
		f.lay(t, site)
	}}, before...)...)
	status, err := f.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, door := range status.Doors {
		switch door.Name {
		case "sts":
			f.sts = "http://" + door.Address
		case "tls":
			f.tls = "https://" + door.Address
		}
	}
	return f
}

// lay puts into a site what is not in the folder: keys and certificates.
func (f *federation) lay(t testing.TB, site *sallyport.Site) {
	t.Helper()
	var err error
	if f.operator, err = site.CreateKey(t.Context(), account, "operator"); err != nil {
		t.Fatal(err)
	}
	command(t, site, "sessions", "keygen", "--file", site.Path("sessions.yaml"))
	write(t, site.Path("bundle", "accounts", account, "oidc-providers", "cluster.jwks.json"), string(issuer.KeySet(cluster())))
	if err := shared.certificates.issue(site.Path("tls.crt"), site.Path("tls.key"), "federation"); err != nil {
		t.Fatal(err)
	}
	write(t, site.Path("ca.pem"), string(shared.certificates.pem()))
}

// withDevice gives the user operator an MFA device.
func withDevice(t testing.TB) func(*sallyport.Site) {
	return func(site *sallyport.Site) {
		t.Helper()
		appendFile(t, site.Path("keys.yaml"), fmt.Sprintf("mfa_devices:\n  - {serial: %q, account: %q, user: operator, seed: %s}\n", mfaDevice, account, seed))
	}
}

// command runs a command of Sallyport, which must succeed.
func command(t testing.TB, site *sallyport.Site, args ...string) {
	t.Helper()
	if _, err := site.Command(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
}

// write writes a file whole, by renaming it into its place.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := replace(path, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func appendFile(t testing.TB, path, text string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(old)+text)
}

// change edits the site and waits until that is in force; it must be within a
// second of the last write, plus what a busy machine takes.
func (f *federation) change(t testing.TB, edit func()) {
	t.Helper()
	before, err := f.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	edit()
	_, err = f.Await(within(t, time.Minute), func(s sallyport.Status) bool {
		if s.Bundle.LastError != "" {
			t.Fatalf("the change is refused: %s", s.Bundle.LastError)
		}
		return s.Bundle.Generation > before.Bundle.Generation
	})
	if err != nil {
		t.Fatal(err)
	}
}

// path is a file of the account's part of the bundle.
func (f *federation) path(elements ...string) string {
	return f.site.Path(append([]string{"bundle", "accounts", account}, elements...)...)
}

// writeRole writes a role that a provider's tokens may assume under conditions, and that
// may read objects below prefix.
func writeRole(t testing.TB, site *sallyport.Site, name, provider, conditions, prefix string) {
	t.Helper()
	folder := site.Path("bundle", "accounts", account, "roles")
	write(t, filepath.Join(folder, name+".trust.json"), fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Principal": {"Federated": "arn:aws:iam::%s:oidc-provider/%s"}, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"], "Condition": %s}]}`,
		account, strings.TrimPrefix(provider, "https://"), conditions))
	write(t, filepath.Join(folder, name, "read.json"), fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/%s/*"}]}`, prefix))
	write(t, filepath.Join(folder, name+".yaml"), "id: AROA"+strings.ToUpper(fmt.Sprintf("%.16s", strings.NewReplacer("-", "A", "0", "B", "1", "C", "8", "D", "9", "E").Replace(name+"exampleexample22")))+"\n")
}

// asOperator is the STS client of the user operator.
func (f *federation) asOperator() *sts.Client {
	return stsClient(f.Endpoint, f.operator.AccessKeyID, f.operator.SecretAccessKey, "")
}

// stsClient signs with a key, or not at all.
func stsClient(endpoint, id, secret, token string) *sts.Client {
	options := sts.Options{Region: store.Region, BaseEndpoint: &endpoint, Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{}}
	if id != "" {
		options.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
		})
	}
	return sts.New(options)
}

// with is the STS client of temporary credentials.
func (f *federation) with(c *types.Credentials) *sts.Client {
	return stsClient(f.Endpoint, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

// objects is the S3 client of credentials of any kind.
func (f *federation) objects(credentials aws.CredentialsProvider, options ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		Region: store.Region, BaseEndpoint: &f.Endpoint, UsePathStyle: true, Credentials: credentials,
		DisableLogOutputChecksumValidationSkipped: true,
	}, options...)
}

// temporary is a provider of the credentials that STS gave.
func temporary(c *types.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken, CanExpire: true, Expires: *c.Expiration}, nil
	})
}

// reads tells what reading an object comes to: its text, or the code of the refusal.
func (f *federation) reads(t testing.TB, c aws.CredentialsProvider, key string) string {
	t.Helper()
	out, err := f.objects(c, once).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &f.bucket, Key: &key})
	if err != nil {
		if code(err) == "" {
			t.Fatal(err)
		}
		return code(err)
	}
	return text(t, out, nil)
}

// exchangeToken assumes a role by a token.
func (f *federation) exchangeToken(ctx context.Context, role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return stsClient(f.Endpoint, "", "", "").AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(roleARN(role)), RoleSessionName: aws.String("tests"), WebIdentityToken: &token,
	})
}

// exchanged is the same for what must succeed.
func (f *federation) exchanged(t testing.TB, role, token string) *types.Credentials {
	t.Helper()
	out, err := f.exchangeToken(t.Context(), role, token)
	if err != nil {
		t.Fatal(err)
	}
	return out.Credentials
}

// bearer reads an object with a token by itself, and tells status and body.
func (f *federation) bearer(t testing.TB, token, key string) (int, string) {
	t.Helper()
	return fetch(t, http.MethodGet, f.Endpoint+"/"+f.bucket+"/"+key, nil, http.Header{"Authorization": {"Bearer " + token}})
}

// totp is what the MFA device shows (RFC 6238); later is how many periods later.
func totp(later int) string {
	key, err := base32.StdEncoding.DecodeString(seed)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(time.Now().Unix()/30)+uint64(later))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// static is a provider of a long-term key.
func static(key sallyport.Key) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}, nil
	})
}
