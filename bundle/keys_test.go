package bundle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC)

// create makes a key that is expected to be made.
func create(t testing.TB, file, user string) bundle.Key {
	t.Helper()
	key, secret, err := bundle.CreateKey(file, account, user, now)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(key.AccessKeyID) {
		t.Errorf("access key id %q", key.AccessKeyID)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9+/]{40}$`).MatchString(secret.Reveal()) {
		t.Error("the secret has another shape")
	}
	return key
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCreateKey(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.with(files{"keys.yaml": ""}).write(t, directory)
	file := filepath.Join(directory, "keys.yaml")
	first := create(t, file, "alice")
	second := create(t, file, "alice")
	if first.AccessKeyID == second.AccessKeyID {
		t.Error("two keys are one")
	}
	want := bundle.Key{AccessKeyID: first.AccessKeyID, Account: account, User: "alice", Status: bundle.Active, Created: now.Truncate(time.Second)}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}
	keys, findings := bundle.ReadKeys(file)
	if diff := cmp.Diff([]bundle.Key{first, second}, keys); diff != "" || len(findings) > 0 {
		t.Errorf("keys (-want +got):\n%s\n%v", diff, findings)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
	if s, findings := bundle.Load(options(t, directory)); s == nil || s.Counts().Keys != 2 {
		t.Errorf("the keys do not load: %v", findings)
	}
	before := read(t, file)
	if _, _, err := bundle.CreateKey(file, account, "alice", now); err == nil || !strings.Contains(err.Error(), "2 access keys already") {
		t.Errorf("a third key: %v", err)
	}
	if read(t, file) != before {
		t.Error("a refused key changed the file")
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "bundle" && name != "keys.yaml" && name != ".keys.yaml.lock" {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestReadSecret(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.yaml")
	first, value, err := bundle.CreateKey(file, account, "alice", now)
	if err != nil {
		t.Fatal(err)
	}
	create(t, file, "bob")
	key, got, ok, findings := bundle.ReadSecret(file, first.AccessKeyID)
	if !ok || key != first || !got.Equal(value) || len(findings) > 0 {
		t.Errorf("%v, found %v, %v", key, ok, findings)
	}
	for _, id := range []string{"", "AKIAIOSFODNN7EXAMPLE", strings.ToLower(first.AccessKeyID)} {
		if key, got, ok, _ := bundle.ReadSecret(file, id); ok || !got.IsEmpty() || key != (bundle.Key{}) {
			t.Errorf("%q: %v", id, key)
		}
	}
	// A file that others can read is not used.
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, got, ok, findings := bundle.ReadSecret(file, first.AccessKeyID); ok || !got.IsEmpty() || len(findings) == 0 {
		t.Errorf("found %v, %v", ok, findings)
	}
}

// TestCreateKeyInFile: what a key file holds already stays as it was written, or
// the file is left alone.
func TestCreateKeyInFile(t *testing.T) {
	t.Parallel()
	entry := "- {access_key_id: " + accessKey + ", secret_access_key: " + secretKey + ", account: \"" + account + "\", user: bob}"
	tests := []struct {
		name, before string
		head, tail   string // of what comes of it, if something does
		err          string
	}{
		{name: "empty", head: "# Access keys"},
		{name: "blank", before: " \n\n", head: "# Access keys"},
		{name: "no keys yet", before: "# mine\nkeys:\n# the end\n", head: "# mine\nkeys:\n  - access_key_id: ", tail: "# the end\n"},
		{name: "empty list", before: "---\n# mine\nkeys: [] # none\n", head: "---\n# mine\nkeys:\n  - access_key_id: "},
		{name: "comments", before: "# mine\nkeys:\n    " + entry + " # bob's\n# the end", head: "# mine\nkeys:\n    " + entry + " # bob's\n# the end\n    - access_key_id: "},
		{name: "not indented", before: "keys:\n" + entry + "\n", head: "keys:\n" + entry + "\n- access_key_id: "},
		{name: "in brackets", before: "keys: [" + strings.TrimPrefix(entry, "- ") + "]\n", err: "list in brackets"},
		{name: "ended", before: "keys:\n" + entry + "\n...\n", err: "nothing can be added"},
		{name: "broken", before: "keys:\n" + entry + "\n- a: b\n", err: "left as it is"},
		{name: "not YAML", before: "keys: [\n", err: "left as it is"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "keys.yaml")
			if err := os.WriteFile(file, []byte(tt.before), 0o600); err != nil {
				t.Fatal(err)
			}
			key, secret, err := bundle.CreateKey(file, account, "alice", now)
			after := read(t, file)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || after != tt.before || strings.Contains(err.Error(), secretKey) {
					t.Errorf("error %v, file now:\n%s", err, after)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(after, tt.head) || !strings.HasSuffix(after, tt.tail) || !strings.Contains(after, secret.Reveal()) {
				t.Errorf("file now:\n%s", after)
			}
			keys, findings := bundle.ReadKeys(file)
			if len(findings) > 0 || len(keys) == 0 || keys[len(keys)-1] != key {
				t.Errorf("keys %v, findings %v", keys, findings)
			}
		})
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := filepath.Join(directory, "keys.yaml")
	open := filepath.Join(directory, "open.yaml")
	if err := os.WriteFile(open, []byte("keys: []\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, file, account, user, want string }{
		{"account", file, "1111", "alice", "12 digits"},
		{"user", file, account, "al ice", "holds characters"},
		{"no user", file, account, "", "is empty"},
		{"directory", filepath.Join(directory, "gone", "keys.yaml"), account, "alice", "no such file"},
		{"a directory", directory, account, "alice", "no file"},
		{"readable by others", open, account, "alice", "chmod 600"},
	}
	for _, tt := range tests {
		if _, _, err := bundle.CreateKey(tt.file, tt.account, tt.user, now); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a refused key made the file")
	}
}

// TestCreateKeyThroughLink: the file that a link leads to is replaced, not the
// link.
func TestCreateKeyThroughLink(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	link := filepath.Join(directory, "link.yaml")
	if err := os.Mkdir(filepath.Join(directory, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	create(t, filepath.Join(directory, "real", "keys.yaml"), "alice")
	if err := os.Symlink("real/keys.yaml", link); err != nil {
		t.Fatal(err)
	}
	create(t, link, "bob")
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if keys, _ := bundle.ReadKeys(filepath.Join(directory, "real", "keys.yaml")); len(keys) != 2 {
		t.Errorf("keys %v", keys)
	}
}

// TestMuseum_41_twoWriters: every key that was acknowledged is in the file, however
// many write at once.
func TestMuseum_41_twoWriters(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.yaml")
	var writers sync.WaitGroup
	made := make(chan bundle.Key, 40)
	for i := range 20 {
		for range 2 {
			writers.Go(func() {
				key, _, err := bundle.CreateKey(file, account, fmt.Sprintf("user%d", i), now)
				if err != nil {
					t.Error(err)
					return
				}
				made <- key
			})
		}
	}
	writers.Wait()
	close(made)
	keys, findings := bundle.ReadKeys(file)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	there := map[bundle.Key]bool{}
	for _, k := range keys {
		there[k] = true
	}
	n := 0
	for k := range made {
		n++
		if !there[k] {
			t.Errorf("key %s is lost", k.AccessKeyID)
		}
	}
	if n != 40 || len(keys) != n {
		t.Errorf("%d keys made, %d in the file", n, len(keys))
	}
}

// TestKeyFileMode: whoever but the owner can use the file, the keys are not used.
func TestKeyFileMode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode os.FileMode
		ok   bool
	}{{0o600, true}, {0o400, true}, {0o640, false}, {0o604, false}, {0o660, false}, {0o644, false}, {0o610, false}, {0o700, true}}
	for _, tt := range tests {
		directory := t.TempDir()
		small.write(t, directory)
		if err := os.Chmod(filepath.Join(directory, "keys.yaml"), tt.mode); err != nil {
			t.Fatal(err)
		}
		s, findings := bundle.Load(options(t, directory))
		if (s != nil) != tt.ok {
			t.Errorf("mode %o: snapshot %v, findings %v", tt.mode, s, findings)
		}
		if !tt.ok && (len(findings) != 1 || findings[0].Code != "INSECURE_KEY_FILE" || !strings.Contains(findings[0].Remedy, "chmod 600")) {
			t.Errorf("mode %o: findings %v", tt.mode, findings)
		}
	}
}

// TestMountedSecret: a Secret is mounted as root's, and only by their group can
// others read it. It is theirs to read, and nobody else's.
func TestMountedSecret(t *testing.T) {
	t.Parallel()
	for mode, private := range map[os.FileMode]bool{0o400: true, 0o440: true, 0o640: true, 0o600: true, 0o444: false, 0o460: false, 0o450: false, 0o644: false, 0o660: false, 0o641: false} {
		if got := bundle.IsPrivate(mode, true); got != private {
			t.Errorf("mode %o of root's: %t", mode, got)
		}
		if got, want := bundle.IsPrivate(mode, false), mode&0o077 == 0; got != want {
			t.Errorf("mode %o: %t", mode, got)
		}
	}
}

func TestKeyFileIsNone(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, directory)
	o := options(t, directory)
	for file, code := range map[string]string{filepath.Join(directory, "gone.yaml"): "UNREADABLE", directory: "NOT_A_FILE"} {
		o.KeyFiles = []string{file}
		s, findings := bundle.Load(o)
		if s != nil || len(findings) != 1 || findings[0].Code != code || findings[0].File != file {
			t.Errorf("%s: snapshot %v, findings %v", file, s, findings)
		}
	}
	o.KeyFiles, o.SessionKeyFile, o.NoSecrets = []string{filepath.Join(directory, "gone.yaml")}, filepath.Join(directory, "sessions-gone.yaml"), true
	if s, findings := bundle.Load(o); s == nil || len(findings) != 0 || s.SessionKeys() != nil {
		t.Errorf("without secrets: snapshot %v, findings %v", s, findings)
	}
}

// TestCredential: only active keys count, and a version follows the secret alone.
func TestCredential(t *testing.T) {
	t.Parallel()
	const inactive, other = "AKIAI44QH8DHBEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	keys := keyLine(accessKey, "alice") +
		"  - {access_key_id: " + inactive + ", secret_access_key: " + secretKey + ", account: \"" + account + "\", user: alice, status: Inactive}\n"
	first := small.with(files{"keys.yaml": keys}).mustLoad(t)
	if _, ok := first.Credential(inactive); ok {
		t.Error("an inactive key is a credential")
	}
	if _, ok := first.Credential(""); ok {
		t.Error("no key is a credential")
	}
	if _, ok := first.Credential(strings.ToLower(accessKey)); ok {
		t.Error("a key in another case is a credential")
	}
	version := func(s *bundle.Snapshot, id string) uint64 {
		c, ok := s.Credential(id)
		if !ok {
			t.Fatalf("no credential %s", id)
		}
		return c.Version
	}
	again := small.with(files{"keys.yaml": keys, "bundle/accounts/111122223333/users/alice/read.json": allow("s3:PutObject")}).mustLoad(t)
	if version(first, accessKey) != version(again, accessKey) {
		t.Error("the version changed with the bundle")
	}
	changed := small.with(files{"keys.yaml": strings.ReplaceAll(keyLine(accessKey, "alice"), secretKey, other)}).mustLoad(t)
	if version(first, accessKey) == version(changed, accessKey) {
		t.Error("the version is that of another secret")
	}
	swapped := small.with(files{"keys.yaml": keyLine(inactive, "alice")}).mustLoad(t)
	if version(first, accessKey) == version(swapped, inactive) {
		t.Error("two keys with one secret have one version")
	}
}

// TestMuseum_28_secretsInFindings: a secret is in no finding, wherever in a key
// file it was put.
func TestMuseum_28_secretsInFindings(t *testing.T) {
	t.Parallel()
	entry := keyLine(accessKey, "alice")
	for i, text := range []string{
		strings.Replace(entry, "alice", secretKey, 1),
		strings.Replace(entry, accessKey, secretKey, 1),
		strings.Replace(entry, "user", secretKey, 1),
		strings.Replace(entry, "account", secretKey, 1),
		strings.Replace(entry, "\""+account+"\"", secretKey, 1),
		strings.Replace(entry, "keys", secretKey, 1),
		strings.Replace(entry, secretKey, "*"+secretKey, 1),
		strings.Replace(entry, secretKey, "!"+secretKey, 1),
		strings.Replace(entry, secretKey, "&"+secretKey, 1),
		strings.Replace(entry, secretKey, "{"+secretKey, 1),
		strings.Replace(entry, secretKey, "\""+secretKey, 1),
		strings.Replace(entry, secretKey, secretKey+": "+secretKey, 1),
		strings.Replace(entry, "user: alice", "status: "+secretKey, 1),
		strings.Replace(entry, "user: alice", "created: "+secretKey, 1),
		strings.Replace(entry, "user: alice", secretKey+": a, "+secretKey+": b", 1),
		secretKey, secretKey + ": a", "- " + secretKey, "keys: " + secretKey, "keys: [" + secretKey + "]", "%" + secretKey + "\n---\n",
	} {
		_, findings := small.with(files{"keys.yaml": text}).load(t)
		if !policy.HasErrors(findings) {
			t.Errorf("case %d: no errors", i)
		}
		for _, f := range findings {
			if strings.Contains(f.String(), secretKey[:20]) || strings.Contains(f.String(), secretKey[20:]) {
				t.Errorf("case %d: %s", i, f)
			}
		}
	}
}
