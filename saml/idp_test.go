package saml_test

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/saml"
	"github.com/sallyport-iam/sallyport/saml/samltest"
)

const (
	entity    = samltest.EntityID
	recipient = samltest.Recipient
	role      = "arn:aws:iam::111122223333:role/analyst"
	provider  = "arn:aws:iam::111122223333:saml-provider/corp"
)

var now = time.Date(2026, 7, 31, 12, 0, 0, 0, time.UTC)

// signer is a key with its certificate.
type signer = samltest.Signer

var (
	ours     = valid(func() *rsa.PrivateKey { return newRSA(2048) })
	theirs   = valid(func() *rsa.PrivateKey { return newRSA(2048) })
	weak     = valid(func() *rsa.PrivateKey { return newRSA(1024) })
	curve    = sync.OnceValue(func() signer { return samltest.NewSigner(nil, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)) })
	outdated = sync.OnceValue(func() signer { return samltest.NewSigner(ours().Key, now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)) })
)

// valid makes a certificate for a key when it is first used.
func valid(key func() *rsa.PrivateKey) func() signer {
	return sync.OnceValue(func() signer { return samltest.NewSigner(key(), now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)) })
}

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// metadata are those of a provider that signs with some certificates, changed.
func metadata(changes func(string) string, signers ...signer) []byte {
	text := samltest.Metadata(signers...)
	if changes != nil {
		text = changes(text)
	}
	return []byte(text)
}

func parsed(t testing.TB, signers ...signer) *saml.Provider {
	t.Helper()
	p, err := saml.Parse(metadata(nil, signers...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// response is how a SAML response is made; it is ours and has the usual
// attributes where nothing else is said.
type response samltest.Response

func (r response) made() samltest.Response {
	if r.Signer.Key == nil {
		r.Signer = ours()
	}
	if r.Attributes == "" {
		r.Attributes = attributes
	}
	r.Now = now
	return samltest.Response(r)
}

func (r response) encoded() string { return r.made().Encoded() }
func (r response) text() string    { return r.made().Text() }

var attributes = one(own+"Role", role+","+provider) + one(own+"RoleSessionName", "alice@example.com")

// one is an attribute with values.
func one(name string, values ...string) string { return samltest.Attribute(name, values...) }

const own = "https://aws.amazon.com/SAML/Attributes/"

func at(offset time.Duration) string { return now.Add(offset).Format("2006-01-02T15:04:05Z") }

func replace(old, text string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("there is no " + old)
		}
		return strings.ReplaceAll(s, old, text)
	}
}
