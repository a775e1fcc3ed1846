package bundle_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

var dawn = time.Date(2026, 1, 31, 6, 0, 0, 0, time.UTC)

// issuer makes a session key file.
func issuer(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := bundle.CreateSessionKeys(file, dawn); err != nil {
		t.Fatal(err)
	}
	return file
}

// shape is the keys of a file as "kind status …", in their order.
func shape(t testing.TB, file string) string {
	t.Helper()
	_, keys, findings := bundle.ReadSessionKeys(file, dawn)
	if policy.HasErrors(findings) {
		t.Fatalf("%v", findings)
	}
	var all []string
	for _, k := range keys {
		all = append(all, k.Kind+" "+k.Status)
	}
	return strings.Join(all, ", ")
}

// opened are the session keys of a snapshot that is loaded with a file.
func opened(t testing.TB, file string, now time.Time) *bundle.SessionKeys {
	t.Helper()
	directory := t.TempDir()
	small.write(t, directory)
	o := options(t, directory)
	o.SessionKeyFile, o.Now = file, func() time.Time { return now }
	s, findings := bundle.Load(o)
	if s == nil {
		t.Fatalf("%v", findings)
	}
	return s.SessionKeys()
}

func rotate(t testing.TB, file string, step bundle.Rotation, at time.Time) {
	t.Helper()
	if _, err := bundle.RotateSessionKeys(file, step, at); err != nil {
		t.Fatal(err)
	}
}

func TestCreateSessionKeys(t *testing.T) {
	t.Parallel()
	file := issuer(t, "sessions.yaml")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	keys := opened(t, file, dawn)
	if len(keys.Deployment) != 32 || len(keys.Sealing) != 1 || len(keys.Sealing[0].Key.Reveal()) != 32 || len(keys.Trusted) != 1 || keys.Issuer == nil {
		t.Fatalf("the keys are %+v", keys)
	}
	signature := ed25519.Sign(keys.Issuer.Private, []byte("text"))
	if keys.Trusted[0].ID != keys.Issuer.ID || !ed25519.Verify(keys.Trusted[0].Public, []byte("text"), signature) {
		t.Error("the issuer does not trust itself")
	}
	if err := bundle.CreateSessionKeys(file, dawn); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("made again: %v", err)
	}
	if opened(t, file, dawn).Deployment != keys.Deployment {
		t.Error("the file has changed")
	}
	if other := opened(t, issuer(t, "other.yaml"), dawn); other.Deployment == keys.Deployment {
		t.Error("two deployments have one id")
	}
}

// TestRotateSessionKeys: a key is known before it is used, and after it.
func TestRotateSessionKeys(t *testing.T) {
	t.Parallel()
	file := issuer(t, "sessions.yaml")
	first := opened(t, file, dawn)
	if _, err := bundle.RotateSessionKeys(file, bundle.ActivateNext, dawn); !errors.Is(err, bundle.ErrNothingNext) {
		t.Errorf("without a next key: %v", err)
	}

	rotate(t, file, bundle.PrepareNext, dawn)
	rotate(t, file, bundle.PrepareNext, dawn) // changes nothing
	if got, want := shape(t, file), "sealing Active, sealing Next, issuer Active, issuer Next"; got != want {
		t.Errorf("prepared: %s, want %s", got, want)
	}
	prepared := opened(t, file, dawn)
	if prepared.Sealing[0].ID != first.Sealing[0].ID || prepared.Issuer.ID != first.Issuer.ID {
		t.Error("the next keys are used already")
	}

	noon := dawn.Add(6 * time.Hour)
	rotate(t, file, bundle.ActivateNext, noon)
	if got, want := shape(t, file), "sealing Retired, sealing Active, issuer Retired, issuer Active"; got != want {
		t.Errorf("activated: %s, want %s", got, want)
	}
	active := opened(t, file, noon)
	until := noon.Add(37 * time.Hour)
	if s := active.Sealing; s[0].ID != prepared.Sealing[1].ID || !s[0].Until.IsZero() || s[1].ID != first.Sealing[0].ID || !s[1].Until.Equal(until) {
		t.Errorf("the sealing keys are %+v", s)
	}
	if s := active.Trusted; active.Issuer.ID != prepared.Trusted[1].ID || !s[0].Until.Equal(until) || !s[1].Until.IsZero() {
		t.Errorf("the issuer is %s, trusted are %+v", active.Issuer.ID, s)
	}

	// What has no tokens left is told, and removed by the next rotation.
	for _, tt := range []struct {
		at    time.Time
		spent int
	}{{until, 0}, {until.Add(time.Second), 2}} {
		if _, _, findings := bundle.ReadSessionKeys(file, tt.at); len(findings) != tt.spent {
			t.Errorf("at %s: %v", tt.at, findings)
		}
	}
	rotate(t, file, bundle.RotateNow, until.Add(time.Second))
	if got, want := shape(t, file), "sealing Retired, sealing Active, issuer Retired, issuer Active"; got != want {
		t.Errorf("rotated again: %s, want %s", got, want)
	}
	if keys, err := bundle.PruneSessionKeys(file, false, until); err != nil || len(keys) != 4 {
		t.Errorf("pruned too early: %v, %v", keys, err)
	}
	if keys, err := bundle.PruneSessionKeys(file, true, until); err != nil || len(keys) != 2 {
		t.Errorf("pruned: %v, %v", keys, err)
	}
	if opened(t, file, until).Deployment != first.Deployment {
		t.Error("the deployment is another one")
	}
}

// TestExportSessionKeys: an export opens what the issuer seals, and holds nothing
// to sign with.
func TestExportSessionKeys(t *testing.T) {
	t.Parallel()
	file := issuer(t, "sessions.yaml")
	out := filepath.Join(t.TempDir(), "replica.yaml")
	for range 2 { // an export takes the place of an earlier one
		if _, err := bundle.ExportSessionKeys(file, out); err != nil {
			t.Fatal(err)
		}
		rotate(t, file, bundle.RotateNow, dawn)
	}
	full, exported := opened(t, file, dawn), opened(t, out, dawn)
	if exported.Issuer != nil || exported.Deployment != full.Deployment {
		t.Errorf("exported are %+v", exported)
	}
	text := read(t, out)
	if strings.Contains(text, "private") || !strings.Contains(read(t, file), "private_key") {
		t.Errorf("the export is\n%s", text)
	}
	if _, err := bundle.RotateSessionKeys(out, bundle.RotateNow, dawn); err == nil || !strings.Contains(err.Error(), "no issuer keys") {
		t.Errorf("rotated: %v", err)
	}
	before := read(t, file)
	if _, err := bundle.ExportSessionKeys(out, file); err == nil || !strings.Contains(err.Error(), "would be lost") || read(t, file) != before {
		t.Errorf("exported over an issuer's file: %v", err)
	}
	strange := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(strange, []byte("keys: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before = read(t, out)
	if _, err := bundle.ExportSessionKeys(issuer(t, "stranger.yaml"), out); err == nil || !strings.Contains(err.Error(), "another deployment") || read(t, out) != before {
		t.Errorf("exported over the keys of another deployment: %v", err)
	}
	if _, err := bundle.ExportSessionKeys(file, strange); err == nil || read(t, strange) != "keys: []\n" {
		t.Errorf("exported over a key file: %v", err)
	}
}

// TestTwoIssuers share sealing keys and know each other's public keys, through
// rotations too.
func TestTwoIssuers(t *testing.T) {
	t.Parallel()
	first := issuer(t, "first.yaml")
	directory := t.TempDir()
	second, export := filepath.Join(directory, "second.yaml"), filepath.Join(directory, "export.yaml")
	give := func(from, to string) {
		t.Helper()
		if _, err := bundle.ExportSessionKeys(from, export); err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.TrustSessionKeys(to, export); err != nil {
			t.Fatal(err)
		}
	}
	if err := bundle.JoinSessionKeys(second, first, dawn); err != nil {
		t.Fatal(err)
	}
	give(second, first)
	agree := func() {
		t.Helper()
		a, b := opened(t, first, dawn), opened(t, second, dawn)
		if a.Deployment != b.Deployment || a.Issuer.ID == b.Issuer.ID {
			t.Errorf("deployments %s and %s, issuers %s and %s", a.Deployment, b.Deployment, a.Issuer.ID, b.Issuer.ID)
		}
		for _, pair := range [][2]*bundle.SessionKeys{{a, b}, {b, a}} {
			seals, opens := false, false
			for _, k := range pair[1].Sealing {
				seals = seals || k.ID == pair[0].Sealing[0].ID && k.Key.Equal(pair[0].Sealing[0].Key)
			}
			for _, k := range pair[1].Trusted {
				opens = opens || k.ID == pair[0].Issuer.ID && k.Public.Equal(pair[0].Issuer.Private.Public())
			}
			if !seals || !opens {
				t.Errorf("what %s issues is not opened by %s: sealing key %t, issuer %t", pair[0].Issuer.ID, pair[1].Issuer.ID, seals, opens)
			}
		}
	}
	agree()
	rotate(t, first, bundle.PrepareNext, dawn)
	agree()
	give(first, second)
	rotate(t, second, bundle.PrepareNext, dawn)
	give(second, first)
	agree()
	rotate(t, first, bundle.ActivateNext, dawn)
	agree()
	rotate(t, second, bundle.ActivateNext, dawn)
	agree()
	if a, b := opened(t, first, dawn), opened(t, second, dawn); a.Sealing[0].ID != b.Sealing[0].ID {
		t.Error("after the rotation they seal with different keys")
	}
	if _, err := bundle.TrustSessionKeys(first, issuer(t, "stranger.yaml")); err == nil || !strings.Contains(err.Error(), "deployment") {
		t.Errorf("another deployment is trusted: %v", err)
	}
}

// TestTrustFromAnOldFile: a file of before a rotation, or of an issuer that knows
// nothing of it, does not bring a retired key back.
func TestTrustFromAnOldFile(t *testing.T) {
	t.Parallel()
	first := issuer(t, "first.yaml")
	directory := t.TempDir()
	second, old := filepath.Join(directory, "second.yaml"), filepath.Join(directory, "old.yaml")
	if err := bundle.JoinSessionKeys(second, first, dawn); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.ExportSessionKeys(first, old); err != nil {
		t.Fatal(err)
	}
	rotate(t, first, bundle.RotateNow, dawn)
	for _, from := range []string{first, old} {
		keys, err := bundle.TrustSessionKeys(second, from)
		if err != nil {
			t.Fatal(err)
		}
		retired := 0
		for _, k := range keys {
			if k.Kind == "trusted" && k.Status == bundle.KeyRetired && !k.Until.IsZero() {
				retired++
			}
		}
		if retired != 1 {
			t.Errorf("after %s: %+v", filepath.Base(from), keys)
		}
	}
}

// TestSessionKeyFileMode: what others can read is not used.
func TestSessionKeyFileMode(t *testing.T) {
	t.Parallel()
	file := issuer(t, "sessions.yaml")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, findings := bundle.ReadSessionKeys(file, dawn); len(findings) != 1 || findings[0].Code != "INSECURE_KEY_FILE" {
		t.Errorf("%v", findings)
	}
	if _, err := bundle.RotateSessionKeys(file, bundle.RotateNow, dawn); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("rotated: %v", err)
	}
	missing := file + ".none"
	if _, _, findings := bundle.ReadSessionKeys(missing, dawn); len(findings) != 1 || !strings.Contains(findings[0].Remedy, "sallyport sessions keygen") {
		t.Errorf("%v", findings)
	}
}

// TestReloadSessionKeys: a change of the session keys is a new generation, and a
// file that is none leaves what was in force.
func TestReloadSessionKeys(t *testing.T) {
	t.Parallel()
	file := issuer(t, "sessions.yaml")
	s := watch(t, small, func(o *bundle.Options) { o.SessionKeyFile = file })
	first := s.generation(1)
	old := s.Current().SessionKeys().Sealing[0].ID
	rotate(t, file, bundle.RotateNow, dawn)
	second := s.generation(2)
	if second.Revision != first.Revision || s.Current().SessionKeys().Sealing[0].ID == old {
		t.Errorf("before %+v, after %+v", first, second)
	}
	s.must(os.WriteFile(file, []byte("sealing_keys: []\n"), 0o600))
	s.failure("the session key file has no deployment")
	if s.Current().SessionKeys() == nil {
		t.Error("the keys that were in force are gone")
	}
}

// TestMuseum_28_sessionKeysInFindings: neither findings nor what prints shows a key.
func TestMuseum_28_sessionKeysInFindings(t *testing.T) {
	t.Parallel()
	file := issuer(t, "sessions.yaml")
	text := read(t, file)
	var secrets []string
	for line := range strings.Lines(text) {
		if _, value, ok := strings.Cut(line, "key: "); ok {
			secrets = append(secrets, strings.Trim(value, "\"\n"))
		}
	}
	keys := opened(t, file, dawn)
	encoded, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := json.Marshal(keys.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{fmt.Sprintf("%v %+v %#v %s", *keys, *keys.Issuer, *keys.Issuer, keys.Issuer), string(encoded), string(listed), fmt.Sprintf("%d %x", *keys.Issuer, keys.Issuer)}
	for i, secret := range secrets {
		for _, other := range []string{"x: " + secret, secret, secret + ": x", "- " + secret, "&" + secret} {
			broken := filepath.Join(t.TempDir(), fmt.Sprint(i))
			for _, text := range []string{strings.Replace(text, "\""+secret+"\"", other, 1), strings.Replace(text, "Active", secret, 1), strings.Replace(text, "id: ", "id: "+secret, 1), strings.Replace(text, "sealing_keys", secret, 1)} {
				if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				_, _, findings := bundle.ReadSessionKeys(broken, dawn)
				printed = append(printed, fmt.Sprint(findings))
				_, err := bundle.RotateSessionKeys(broken, bundle.RotateNow, dawn)
				printed = append(printed, fmt.Sprint(err))
			}
		}
	}
	if len(secrets) != 2 {
		t.Fatalf("%d secrets", len(secrets))
	}
	private := fmt.Sprintf("%d", []byte(keys.Issuer.Private))
	for _, text := range printed {
		for _, secret := range secrets {
			if strings.Contains(text, secret[:20]) || strings.Contains(text, strings.Trim(private, "[]")) || strings.Contains(text, fmt.Sprintf("%x", []byte(keys.Issuer.Private))) {
				t.Errorf("%s", text)
			}
		}
	}
}
