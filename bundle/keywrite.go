package bundle

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/secret"
)

// The shape of the keys made here, which is that of AWS's own.
const (
	keyPrefix    = "AKIA"
	secretLength = 40
)

// keyFileHead begins a new key file.
const keyFileHead = `# Access keys: whoever reads this file can act as the users in it. Keep its mode
# at 0600 and out of version control.
`

// lockWait bounds the wait for another writer of the same file.
const lockWait = 10 * time.Second

// CreateKey makes an access key for a user and adds it to a key file, which is
// made if it is not there. The secret is returned here and stands in the file,
// nowhere else. The file is replaced in one step: readers see it without the key
// or with it, and what it held before stays as it was written.
func CreateKey(file, account, user string, now time.Time) (Key, secret.Value, error) {
	if !isAccount(account) {
		return Key{}, secret.Value{}, fmt.Errorf("%q is not the id of an account: write its 12 digits", account)
	}
	if bad := badName(user, users.longest); bad != "" {
		return Key{}, secret.Value{}, fmt.Errorf("the name of the user, %q, %s", user, bad)
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	unlock, err := lock(filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".lock"), lockWait)
	if err != nil {
		return Key{}, secret.Value{}, fmt.Errorf("key file %s: %w", file, err)
	}
	defer unlock()

	source, list, err := readForWriting(file)
	if err != nil {
		return Key{}, secret.Value{}, err
	}
	if err := list.takes(file, account, user); err != nil {
		return Key{}, secret.Value{}, err
	}
	key := Key{AccessKeyID: newAccessKeyID(), Account: account, User: user, Status: Active, Created: now.UTC().Truncate(time.Second)}
	value := newSecret()
	next := &keySource{path: file, text: list.with(source.text, key, value)}
	if after, findings := next.parseList(); policy.HasErrors(findings) || len(after.entries) != len(list.entries)+1 {
		return Key{}, secret.Value{}, fmt.Errorf("key file %s: nothing can be added to it as it is written: end it with a list that has a line “- access_key_id: …” for each key", file)
	}
	if err := replaceFile(file, next.text); err != nil {
		return Key{}, secret.Value{}, fmt.Errorf("key file %s: %w", file, err)
	}
	return key, value, nil
}

// readForWriting reads the file as it is; without one, an empty list.
func readForWriting(file string) (*keySource, keyList, error) {
	source := readKeySource(file)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) || source.refused == nil && len(bytes.TrimSpace(source.text)) == 0 {
		return &keySource{path: file}, keyList{}, nil
	}
	list, findings := source.parseList()
	if policy.HasErrors(findings) {
		return nil, keyList{}, fmt.Errorf("the key file is left as it is: %s", summary(findings))
	}
	return source, list, nil
}

// takes tells whether a user may have another key.
func (l keyList) takes(file, account, user string) error {
	n := 0
	for _, e := range l.entries {
		if e.account.value == account && e.user.value == user {
			n++
		}
	}
	if n >= maxKeys {
		return fmt.Errorf("user %s of account %s has %d access keys already, active or not, which is AWS's limit: remove one from %s first", user, account, n, file)
	}
	if l.flow && len(l.entries) > 0 {
		return fmt.Errorf("key file %s: nothing can be added to a list in brackets: write a line “- access_key_id: …” for each key", file)
	}
	return nil
}

// with is the text of the file with one more key. What is there is not touched,
// but for an empty list.
func (l keyList) with(text []byte, k Key, s secret.Value) []byte {
	var b bytes.Buffer
	rest := ""
	if len(l.entries) == 0 {
		head := keyFileHead
		if l.line > 0 {
			lines := strings.SplitAfter(string(text), "\n")
			head, rest = strings.Join(lines[:l.line-1], ""), strings.Join(lines[l.line:], "")
		}
		b.WriteString(head + "keys:\n")
		l.indent = 2
	} else {
		b.Write(text)
		if !bytes.HasSuffix(text, []byte("\n")) {
			b.WriteByte('\n')
		}
	}
	for i, line := range []string{
		"access_key_id: " + k.AccessKeyID,
		fmt.Sprintf("secret_access_key: %q", s.Reveal()),
		fmt.Sprintf("account: %q", k.Account),
		fmt.Sprintf("user: %q", k.User),
		"status: " + k.Status,
		"created: " + k.Created.Format(time.RFC3339),
	} {
		mark := "  "
		if i == 0 {
			mark = "- "
		}
		b.WriteString(strings.Repeat(" ", l.indent) + mark + line + "\n")
	}
	b.WriteString(rest)
	return b.Bytes()
}

// newAccessKeyID makes AKIA and 16 characters of A-Z and 2-7: 80 random bits, so
// that ids differ without a register of them.
func newAccessKeyID() string {
	random := make([]byte, 10)
	_, _ = rand.Read(random) // never fails: the process ends if it would
	return keyPrefix + base32.StdEncoding.EncodeToString(random)
}

// newSecret makes 40 characters out of 240 random bits.
func newSecret() secret.Value {
	random := make([]byte, secretLength/4*3)
	_, _ = rand.Read(random)
	return secret.New(base64.StdEncoding.EncodeToString(random))
}

// replaceFile puts a file in place in one step and sees it on disk. Only its
// owner can use it; the owner stays.
func replaceFile(path string, text []byte) (err error) {
	directory := filepath.Dir(path)
	f, err := os.CreateTemp(directory, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = errors.Join(write(f, path, text), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(directory)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func write(f *os.File, path string, text []byte) error {
	if old, err := os.Stat(path); err == nil {
		if err := keepOwner(f, old); err != nil {
			return err
		}
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Sync()
}
