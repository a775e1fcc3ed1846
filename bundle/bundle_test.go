package bundle_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

const (
	account   = "111122223333"
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// small is a bundle that loads: alice, with one inline policy, and her key.
var small = files{
	"bundle/bundle.yaml":                                 "accounts:\n  \"111122223333\": {alias: storage}\nbuckets:\n  - {name: \"*\", account: \"111122223333\"}\n",
	"bundle/accounts/111122223333/users/alice.yaml":      "id: AIDAALICEEXAMPLE22222\n",
	"bundle/accounts/111122223333/users/alice/read.json": allow("s3:GetObject"),
	"keys.yaml": keyLine(accessKey, "alice"),
}

// allow is a policy document that allows an action on everything.
func allow(action string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "` + action + `", "Resource": "*"}]}` + "\n"
}

// keyLine is a key file with one key.
func keyLine(id, user string) string {
	return "keys:\n  - {access_key_id: " + id + ", secret_access_key: " + secretKey + ", account: \"" + account + "\", user: " + user + "}\n"
}

// files are the texts of files by path.
type files map[string]string

// with is a copy with changes; an empty text removes a file.
func (f files) with(changes files) files {
	all := files{}
	for name, text := range f {
		all[name] = text
	}
	for name, text := range changes {
		if text == "" {
			delete(all, name)
			continue
		}
		all[name] = text
	}
	return all
}

// write puts the files below a directory: key and session key files with mode 0600.
func (f files) write(t testing.TB, directory string) {
	t.Helper()
	for name, text := range f {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(name, "keys") || strings.HasPrefix(name, "sessions") {
			mode = 0o600
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
}

// options are those of a directory that files.write has written, with the key
// files and the session key file that are there, and one route.
func options(t testing.TB, directory string) bundle.Options {
	t.Helper()
	keys, err := filepath.Glob(filepath.Join(directory, "keys*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	sessions := filepath.Join(directory, "sessions.yaml")
	if _, err := os.Stat(sessions); err != nil {
		sessions = ""
	}
	return bundle.Options{
		SessionKeyFile: sessions,
		Directory:      filepath.Join(directory, "bundle"),
		KeyFiles:       keys,
		Routes:         []bundle.Route{storageRoute("main")},
	}
}

// storageRoute can produce some actions of S3 and fill a few keys.
func storageRoute(name string) bundle.Route {
	return bundle.Route{
		Name:    name,
		Actions: []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
		Fills: func(action, key string) bool {
			switch key {
			case "aws:sourceip", "aws:securetransport":
				return true
			case "s3:prefix":
				return action == "s3:ListBucket"
			}
			return false
		},
	}
}

// load loads files from a new directory.
func (f files) load(t testing.TB) (*bundle.Snapshot, []policy.Finding) {
	t.Helper()
	directory := t.TempDir()
	f.write(t, directory)
	return bundle.Load(options(t, directory))
}

// mustLoad loads files that have no errors.
func (f files) mustLoad(t testing.TB) *bundle.Snapshot {
	t.Helper()
	s, findings := f.load(t)
	if s == nil {
		t.Fatalf("the bundle does not load: %v", findings)
	}
	return s
}

// archive reads the files of a txtar archive.
func archive(t testing.TB, path string) (files, *txtar.Archive) {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := files{}
	for _, file := range a.Files {
		f[file.Name] = string(file.Data)
	}
	return f, a
}
