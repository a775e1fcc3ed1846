package sigv4_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// history is what happens to access keys and to the clock while requests come,
// some of them again. It is made of a string of bytes.
type history struct {
	t     testing.TB
	data  []byte
	now   time.Time
	keys  currentKeys
	sent  []*wire.Request
	kinds map[string]int // of what verified and of what did not
}

// currentKeys are the secrets of access keys. As in a bundle, the version of a
// secret is its own: whoever gets an earlier secret again has the version of then.
type currentKeys map[string]int

func (k currentKeys) Key(id, token string) (sigv4.Key, error) {
	n, ok := k[id]
	switch {
	case !ok:
		return sigv4.Key{}, sigv4.ErrUnknownKey
	case token != "":
		return sigv4.Key{}, sigv4.ErrInvalidToken
	}
	return sigv4.Key{Secret: secretNumber(n), Version: 1000 + uint64(n)}, nil
}

func secretNumber(n int) secret.Value { return secret.New(fmt.Sprintf("%s-%d", exampleSecret, n)) }

var (
	historyIDs      = []string{"AKIAFIRSTFIRSTFIRST2", "AKIASECONDSECONDSEC2", "AKIATHIRDTHIRDTHIRD2"}
	historyRegions  = []string{"us-east-1", "eu-west-1"}
	historyServices = []string{"s3", "sqs"}
	historySteps    = []time.Duration{time.Second, time.Minute, 14 * time.Minute, -time.Minute, -10 * time.Minute, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour}
)

func (h *history) n(limit int) int {
	if len(h.data) == 0 {
		return 0
	}
	v := int(h.data[0])
	h.data = h.data[1:]
	return v % limit
}

func (h *history) one(list []string) string { return list[h.n(len(list))] }

// run lets remembering verifiers and one that remembers nothing verify what comes.
func (h *history) run(remembering []*sigv4.Verifier) {
	for len(h.data) > 0 {
		id := h.one(historyIDs)
		switch h.n(8) {
		case 0: // another secret, or an earlier one again
			h.keys[id] = h.n(3)
		case 1: // deactivated, or deleted
			delete(h.keys, id)
		case 2:
			h.now = h.now.Add(historySteps[h.n(len(historySteps))])
		case 3, 4, 5:
			h.send(id)
		default:
			if len(h.sent) > 0 {
				h.verify(h.sent[h.n(len(h.sent))], remembering)
			}
		}
	}
}

// send signs a request with a secret that is the current one, mostly.
func (h *history) send(id string) {
	n, ok := h.keys[id]
	if !ok || h.n(4) == 0 {
		n = h.n(3)
	}
	region, service := h.one(historyRegions), h.one(historyServices)
	at := h.now.Add([]time.Duration{0, 0, -10 * time.Minute, time.Minute}[h.n(4)])
	req := newRequest(h.t, "GET", exampleHost, "/object", "")
	if h.n(4) == 0 {
		h.signV4A(req, id, secretNumber(n), service, at)
	} else {
		sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secretNumber(n)}, service, region, emptyHash, at)
	}
	h.sent = append(h.sent, req)
	h.sent = h.sent[max(0, len(h.sent)-8):]
}

// signV4A signs what a verifier shows that it would have signed.
func (h *history) signV4A(req *wire.Request, id string, s secret.Value, service string, at time.Time) {
	h.t.Helper()
	timestamp := at.UTC().Format("20060102T150405Z")
	for name, value := range map[string]string{"x-amz-date": timestamp, "x-amz-content-sha256": emptyHash, "x-amz-region-set": "*"} {
		req.Fields.Set(name, value)
	}
	authorize := func(signature string) {
		req.Fields.Set("authorization", fmt.Sprintf("%s Credential=%s/%s/%s/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-region-set, Signature=%s",
			algorithmV4A, id, timestamp[:8], service, signature))
	}
	authorize(zeroSignature)
	p := h.params(currentKeys{id: 0})
	p.Now, p.Service = at, service
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(clone(req), p)
	if refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
		h.t.Fatalf("no string to sign was shown: %v", refusal)
	}
	authorize(fmt.Sprintf("%x", derOf(privateKeyV4A(id, s.Reveal()), detail(refusal, "StringToSign"))))
}

func (h *history) params(k sigv4.Keys) sigv4.Params {
	return sigv4.Params{Now: h.now, Service: "s3", Regions: historyRegions, Keys: k}
}

func (h *history) verify(req *wire.Request, remembering []*sigv4.Verifier) {
	h.t.Helper()
	p := h.params(h.keys)
	want, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(clone(req), p)
	kind := "verified"
	if refusal != nil {
		kind = refusal.Code
	}
	h.kinds[kind]++
	for i, v := range remembering {
		for range 2 {
			got, r := v.Verify(clone(req), p)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(sigv4.Verified{})) + cmp.Diff(refusal, r); diff != "" {
				h.t.Errorf("at %v, with keys %v, %s: the verifier %d, which remembers, differs (-anew +remembered):\n%s",
					h.now, h.keys, req.Fields.Get("authorization"), i, diff)
			}
		}
	}
}

func remembering() []*sigv4.Verifier {
	return []*sigv4.Verifier{sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 1}), sigv4.NewVerifier(sigv4.Options{})}
}

func newHistory(t testing.TB, data []byte) *history {
	return &history{t: t, data: data, now: exampleNow.Add(-time.Minute), keys: currentKeys{}, kinds: map[string]int{}}
}

// FuzzRememberedKeys holds verifiers that remember signing keys against one that
// derives them anew. They stay the same from run to run.
func FuzzRememberedKeys(f *testing.F) {
	source := rand.NewChaCha8([32]byte{'k', 'e', 'y', 's'})
	for range 16 {
		data := make([]byte, 400)
		_, _ = source.Read(data)
		f.Add(data)
	}
	v := remembering()
	f.Fuzz(func(t *testing.T, data []byte) {
		newHistory(t, data[:min(len(data), 2000)]).run(v)
	})
}

// TestRememberedKeys is the fuzzer's test on one long history: keys are rotated,
// deactivated, deleted and come again, also with an earlier secret, and the clock
// steps over days and back.
func TestRememberedKeys(t *testing.T) {
	t.Parallel()
	data := make([]byte, 40_000)
	if testing.Short() {
		data = data[:4_000]
	}
	_, _ = rand.NewChaCha8([32]byte{'s', 'i', 'g', 'n'}).Read(data)
	h := newHistory(t, data)
	h.run(remembering())
	for _, kind := range []string{"verified", "SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed"} {
		if h.kinds[kind] < len(data)/400 {
			t.Errorf("little is proved: %v", h.kinds)
		}
	}
}
