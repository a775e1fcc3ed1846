package session_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// history is what happens to a bundle, to keys, to providers and to the clock while
// credentials are used, some of them for long. What is remembered of them must be
// what follows anew.
type history struct {
	*managedWorld
	random   *rand.Rand
	provider *rotating
	verifier *oidc.Verifier
	// remembering and anew are asked the same.
	remembering, anew *session.Sessions

	files  files
	snaps  []*bundle.Snapshot // the last is in force
	tokens []*session.Credentials
	bearer []string
	kinds  map[string]int
}

const roleB = "arn:aws:iam::" + accountB + ":role/app"

// historyFiles have all that credentials of every kind need, in both accounts.
func historyFiles(p *rotating) files {
	inB := "arn:aws:iam::" + accountB + ":oidc-provider/id.example.com"
	return bearerFiles.with(files{
		"bundle/bundle.yaml": certified["bundle/bundle.yaml"] + "sessions: {revoke_with_parent: true}\n",
		a + "roles/app.trust.json": policy(
			trusts(`"AWS": "`+accountA+`"`, `["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]`, ""),
			trusts(`"Federated": "`+idp.ARN+`"`, `["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]`, `"StringEquals": {"id.example.com:sub": "alice"}`),
			trusts(`"Service": "rolesanywhere.amazonaws.com"`, `["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]`, "")),
		b + "oidc-providers/id.yaml": p.yaml(),
		b + "roles/app.yaml":         "id: AROAAPPOFBEXAMPLE2222\n",
		b + "roles/app.trust.json":   policy(trusts(`"Federated": "`+inB+`"`, `"sts:AssumeRoleWithWebIdentity"`, "")),
	})
}

func newHistory(t testing.TB, seed uint64) *history {
	t.Helper()
	h := &history{managedWorld: newManagedWorld(t), random: rand.New(rand.NewPCG(seed, 9)), provider: newRotating(t), kinds: map[string]int{}}
	var err error
	if h.remembering, err = session.New(session.Options{MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	if h.anew, err = session.New(session.Options{}); err != nil {
		t.Fatal(err)
	}
	h.verifier = oidc.New(h.provider.options(h.now))
	t.Cleanup(h.verifier.Close)
	h.files = historyFiles(h.provider)
	h.publish(h.files)
	h.run()
	h.activated()
	return h
}

func one[T any](h *history, list ...T) T { return list[h.random.IntN(len(list))] }

// activated takes up what was published, and waits for the keys of new providers,
// which are fetched in the background, by verifying a token.
func (h *history) activated() {
	h.t.Helper()
	snap := h.await()
	h.snaps = append(h.snaps, snap)
	var all []*oidc.Provider
	for _, p := range snap.Providers() {
		all = append(all, p.OIDC)
	}
	h.verifier.Use(all)
	token := bearerToken(h.t, byte(h.provider.key.Load()), map[string]any{"iat": h.now().Unix(), "exp": h.now().Add(time.Hour).Unix()})
	for _, p := range all {
		_, _, _ = h.verifier.Verify(h.t.Context(), p, token, h.now()) // it may be of a key that the provider has no more
	}
}

// reload changes one thing or two, and brings it into force.
func (h *history) reload() {
	h.t.Helper()
	yaml := "url: https://id.example.com\naudiences: [store]\nalgorithms: [EdDSA]\n"
	for range 1 + h.random.IntN(2) {
		h.files = h.files.with(one(h,
			files{a + "roles/app.yaml": one(h, base[a+"roles/app.yaml"], "id: AROAAPPAGAIN222222222\npath: /svc/\n")},
			files{a + "roles/app/all.json": one(h, policy(allow("*", "*")), policy(allow("s3:GetObject", "*")), "")},
			files{a + "users/alice.yaml": one(h, base[a+"users/alice.yaml"], base[a+"users/alice.yaml"], "id: AIDAALICEAGAIN2222222\n")},
			files{a + "users/alice/all.json": one(h, policy(allow("*", "*")), policy(allow("sts:*", "*")))},
			files{a + "policies/readers.json": one(h, policy(allow("s3:GetObject", "*")), policy(allow("s3:PutObject", "*")), "")},
			files{"keys.yaml": one(h, base["keys.yaml"], base["keys.yaml"], "keys:\n"+keyLine(daveKey, accountA, "dave"))},
			files{a + "oidc-providers/id.jwks.json": jwks(one(h, byte(1), 2))},
			files{a + "oidc-providers/id.yaml": yaml + one(h, "bearer: {role: "+appARN+"}\n", "bearer: {role: "+nextARN+"}\n", "bearer: {role_claim: role}\n", "")},
			files{"bundle/bundle.yaml": one(h, historyFiles(h.provider)["bundle/bundle.yaml"], certified["bundle/bundle.yaml"], base["bundle/bundle.yaml"])},
		))
	}
	if h.random.IntN(4) == 0 {
		if _, err := bundle.RotateSessionKeys(h.path("sessions.yaml"), bundle.RotateNow, h.now()); err != nil {
			h.t.Fatal(err)
		}
	}
	h.publish(h.files)
	h.activated()
}

// rotate gives the provider that is asked its other key, and waits until that is
// known: a token of an unknown key has it asked again, but not within seconds. What
// is remembered goes by the keys that are known.
func (h *history) rotate() {
	h.t.Helper()
	n := 3 - h.provider.key.Load()
	h.provider.key.Store(n)
	for _, p := range h.snaps[len(h.snaps)-1].Providers() {
		if p.Account != accountB {
			continue
		}
		before := h.verifier.Version(p.OIDC)
		for tries := 0; h.verifier.Version(p.OIDC) == before; tries++ {
			if tries > 100 {
				h.t.Fatal("the other key does not become known")
			}
			h.clock.Add(11)
			token := bearerToken(h.t, byte(n), map[string]any{"iat": h.now().Unix(), "exp": h.now().Add(time.Hour).Unix()})
			_, _, _ = h.verifier.Verify(h.t.Context(), p.OIDC, token, h.now())
		}
	}
}

// issue makes credentials of some kind with what is in force.
func (h *history) issue() {
	snap := h.snaps[len(h.snaps)-1]
	c, ok := snap.Credential(aliceKey)
	if !ok {
		return
	}
	var issued *session.Credentials
	switch h.random.IntN(4) {
	case 0:
		issued, _ = h.anew.IssueSessionToken(snap, c.Caller, aliceKey, &session.TokenQuestion{}, h.now())
	case 1:
		issued, _ = h.anew.IssueFederation(snap, c.Caller, aliceKey, &session.FederationQuestion{Name: "bob"}, h.now())
	default:
		ask := assumption(appARN)
		ask.PolicyARNs = one(h, nil, []string{"arn:aws:iam::" + accountA + ":policy/readers"})
		ask.Policy = one(h, "", policy(allow("s3:*", "arn:aws:s3:::bkt/*")))
		ask.Tags = one(h, nil, []action.Tag{{Key: "team", Value: "b"}})
		w := &world{t: h.t, snap: snap, sessions: h.anew}
		if g, r := w.mayAt(caller{keyID: aliceKey, caller: c.Caller}, ask, h.now()); r == nil {
			issued, _ = h.anew.Issue(snap, g, h.now())
		}
	}
	if issued != nil {
		h.tokens = append(h.tokens, issued)
		h.tokens = h.tokens[max(0, len(h.tokens)-8):]
	}
}

// sign makes a bearer token, which may be good only later.
func (h *history) sign() {
	at := func(d time.Duration) int64 { return h.now().Add(d).Unix() }
	claims := map[string]any{
		"iat": at(one(h, -10*time.Minute, 0, 30*time.Second, 5*time.Minute)), "exp": at(one(h, 20*time.Minute, 2*time.Hour, 48*time.Hour)),
		"sub": one(h, "alice", "alice", "bob"), "role": one(h, roleB, roleB, appARN),
	}
	if h.random.IntN(3) == 0 {
		claims["nbf"] = at(one(h, -time.Hour, time.Minute, 20*time.Minute))
	}
	h.bearer = append(h.bearer, bearerToken(h.t, one(h, byte(1), 1, 2), claims))
	h.bearer = h.bearer[max(0, len(h.bearer)-8):]
}

// use uses credentials of all kinds in the snapshot in force, or as a request that
// began under an earlier one.
func (h *history) use() {
	h.t.Helper()
	snap := h.snaps[max(0, len(h.snaps)-1-one(h, 0, 0, 0, 1, 2))]
	for _, c := range h.tokens {
		keyID := one(h, c.AccessKeyID, c.AccessKeyID, c.AccessKeyID, aliceKey)
		h.compare("token", snap, func(s *session.Sessions) (*session.Session, *authz.Caller, error) {
			opened, err := s.Open(snap, keyID, c.SessionToken.Reveal(), h.now())
			return opened, nil, err
		})
	}
	for _, token := range h.bearer {
		h.compare("bearer", snap, func(s *session.Sessions) (*session.Session, *authz.Caller, error) {
			assuming, r := s.Bearer(h.t.Context(), h.verifier, snap, token, h.now())
			opened, r := h.decided(assuming, r)
			return opened, nil, asError(r)
		})
	}
	for _, uri := range []string{"ns/web", "alice", "nobody"} {
		cert := webCertificate()
		cert.URIs, cert.DNSNames = []string{"spiffe://example.org/" + uri}, nil
		cert.NotBefore = now
		h.compare("certificate", snap, func(s *session.Sessions) (*session.Session, *authz.Caller, error) {
			assuming, user, r := s.ByCertificate(snap, cert, h.now())
			opened, r := h.decided(assuming, r)
			return opened, user, asError(r)
		})
	}
}

func (h *history) decided(assuming *session.Assuming, r *wire.Refusal) (*session.Session, *wire.Refusal) {
	if r != nil || assuming == nil {
		return nil, r
	}
	g, r := (&world{t: h.t}).decide(assuming, nil, h.now())
	if r != nil {
		return nil, r
	}
	return g.Session(), nil
}

// compare asks twice who remembers, and then who does not.
func (h *history) compare(kind string, snap *bundle.Snapshot, ask func(*session.Sessions) (*session.Session, *authz.Caller, error)) {
	h.t.Helper()
	var got [3]string
	var err error
	for i, s := range []*session.Sessions{h.remembering, h.remembering, h.anew} {
		var opened *session.Session
		var user *authz.Caller
		opened, user, err = ask(s)
		got[i] = h.told(kind, opened, user, err)
	}
	for i := range 2 {
		if got[i] != got[2] {
			h.t.Errorf("%s at %v in generation %d, asked for the time %d (-anew +remembered):\n%s", kind, h.now(), snap.Generation(), i+1, cmp.Diff(got[2], got[i]))
		}
	}
	if err == nil {
		kind += ", good"
	}
	h.kinds[kind]++
}

// told is all that is told of credentials, and what they may do. When a session
// that is verified with each request ends is not among it: that counts from when it
// was remembered.
func (h *history) told(kind string, s *session.Session, user *authz.Caller, err error) string {
	text := ""
	var refusal *wire.Refusal
	if errors.As(err, &refusal) {
		text = fmt.Sprintf("%d %s %s %s %v\n", refusal.Status, refusal.Code, refusal.Message, refusal.Cause, refusal.Retryable)
	} else if err != nil {
		text = err.Error() + "\n"
	}
	if s != nil {
		user = s.Caller
		text += fmt.Sprintf("%d %s %s %d %v %v %v %s %s %s %s %v\n", s.Kind, s.AccessKeyID, s.Secret.Reveal(), s.Version, s.Issued, s.MFA, s.MFAKnown,
			s.IssuerName, s.Provider, s.ParentKeyID, s.SourceIdentity, s.Transitive)
		if kind == "token" {
			text += fmt.Sprintln(s.Expires)
		}
	}
	if user == nil {
		return text
	}
	text += fmt.Sprintf("%d %s %s %s %s %s %s\n%v\n", user.Type, user.Account, user.ARN, user.ParentARN, user.ID, user.ParentID, user.Provider, keysOf(&user.Keys))
	for _, asked := range []string{"s3:GetObject", "s3:PutObject", "sts:AssumeRole"} {
		for _, resource := range []string{"arn:aws:s3:::bkt/k", "arn:aws:s3:::other/k"} {
			d := authz.Decide(user, &authz.Request{Now: h.now()}, &authz.Access{Action: asked, Resource: resource, Account: accountA})
			text += fmt.Sprintln(asked, resource, d.Effect, d.Layer)
		}
	}
	return text
}

// TestRememberedCredentials lets a history happen: roles, users, keys and policies
// change, are deleted and come again; session keys and those of providers are
// rotated; the clock steps over the ends of sessions and tokens, and back.
func TestRememberedCredentials(t *testing.T) {
	t.Parallel()
	seeds, steps := uint64(4), 300
	if testing.Short() {
		seeds, steps = 1, 150
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, seed)
			for range steps {
				h.step()
				if t.Failed() {
					return
				}
			}
			stats := h.remembering.Stats()
			t.Logf("%d generations; %v; %+v", h.snaps[len(h.snaps)-1].Generation(), h.kinds, stats)
			for _, kind := range []string{"token", "bearer", "certificate"} {
				if good := kind + ", good"; min(h.kinds[kind], h.kinds[good]) < steps/10 {
					t.Errorf("little is proved: %v", h.kinds)
				}
			}
			if min(stats.Sessions.Hits, stats.Bearers.Hits) < uint64(steps/5) {
				t.Errorf("little is remembered: %+v", stats)
			}
		})
	}
}

// step lets one thing happen.
func (h *history) step() {
	switch h.random.IntN(12) {
	case 0:
		h.reload()
	case 1:
		h.rotate()
	case 2, 3:
		h.clock.Add(int64(one(h, 1, 20, 60, 600, 1200, -1, -60, -600, -1800, 3600, -3600, 4*3600, 40*3600, -40*3600)))
	case 4, 5:
		h.issue()
	case 6, 7:
		h.sign()
	default:
		h.use()
	}
}
