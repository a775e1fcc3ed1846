package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/secret"
)

// Key is an access key of a key file, without its secret.
type Key struct {
	AccessKeyID string    `json:"access_key_id"`
	Account     string    `json:"account"`
	User        string    `json:"user"`
	Status      string    `json:"status"`
	Created     time.Time `json:"created,omitzero"`
}

// The states of an access key. An inactive one is as good as none.
const (
	Active   = "Active"
	Inactive = "Inactive"
)

// maxKeys is how many access keys a user has at most.
const maxKeys = 2

// ReadKeys reads a key file. Findings never hold a secret.
func ReadKeys(file string) ([]Key, []policy.Finding) {
	source := readKeySource(file)
	entries, findings := source.parse()
	keys := make([]Key, len(entries))
	for i := range entries {
		keys[i] = entries[i].key()
	}
	return keys, findings
}

// ReadSecret reads one access key of a key file, and its secret. ok is false if
// the file does not hold it. Findings never hold a secret; with errors among
// them the file is not used.
func ReadSecret(file, accessKeyID string) (key Key, value secret.Value, ok bool, findings []policy.Finding) {
	entries, findings := readKeySource(file).parse()
	if policy.HasErrors(findings) {
		return Key{}, secret.Value{}, false, findings
	}
	for _, e := range entries {
		if e.id.value == accessKeyID {
			return e.key(), e.secret, true, findings
		}
	}
	return Key{}, secret.Value{}, false, findings
}

// key is the entry without its secret.
func (e *keyEntry) key() Key {
	return Key{AccessKeyID: e.id.value, Account: e.account.value, User: e.user.value, Status: e.status, Created: e.created}
}

// keySource is a key file as it was read.
type keySource struct {
	path    string
	text    []byte
	changed lastChange
	mode    fs.FileMode
	// told tells whether the file system is known to tell of changes.
	told bool
	// refused says why the file is not used at all.
	refused *policy.Finding
}

// keyEntry is one key of a key file.
type keyEntry struct {
	file              string
	id, account, user text
	secret            secret.Value
	status            string
	created           time.Time
	// at is where the "-" of the entry, or its "{", stands.
	at policy.Position
}

// readKeySource reads a key file.
func readKeySource(path string) *keySource {
	return readSecretFile(path, "key file", "make it with `sallyport keys create --file "+path+" …`")
}

// isPrivate tells whether nobody but a file's owner can use it. Of a file that root
// has given to us, roots, our group can read it: so a Secret is mounted for a process
// that is not root's, and there is no other way to mount one.
func isPrivate(mode fs.FileMode, roots bool) bool {
	if roots {
		return mode.Perm()&0o037 == 0
	}
	return mode.Perm()&0o077 == 0
}

// readSecretFile reads a file that nobody else can; see isPrivate. What names it in
// findings, missing says how one is made.
func readSecretFile(path, what, missing string) *keySource {
	k := &keySource{path: path}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		remedy := "let the user that Sallyport runs as read it"
		if errors.Is(err, fs.ErrNotExist) {
			remedy = missing
		}
		return k.refuse("UNREADABLE", "the "+what+" cannot be read: "+reason(err), remedy)
	}
	defer func() { _ = f.Close() }()
	k.told = fileTellsChanges(f)
	info, err := f.Stat()
	if err != nil {
		return k.refuse("UNREADABLE", "the "+what+" cannot be read: "+reason(err), "let the user that Sallyport runs as read it")
	}
	k.mode = info.Mode()
	switch {
	case !k.mode.IsRegular():
		return k.refuse("NOT_A_FILE", "the "+what+" is no file", "name a file")
	case runtime.GOOS != "windows" && !isPrivate(k.mode, rootsForUs(info)):
		return k.refuse("INSECURE_KEY_FILE", fmt.Sprintf("others than its owner can use the %s (mode %04o)", what, k.mode.Perm()),
			"run `chmod 600 "+path+"`; of a mounted Secret set defaultMode: 0400, and fsGroup to the group that Sallyport runs as")
	}
	k.text, err = io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err == nil {
		info, err = f.Stat() // not before, or a change while it was read would be unseen
	}
	if err != nil {
		return k.refuse("UNREADABLE", "the "+what+" cannot be read: "+reason(err), "let the user that Sallyport runs as read it")
	}
	k.changed.note(info)
	return k
}

func (k *keySource) refuse(code, message, remedy string) *keySource {
	k.refused = &policy.Finding{File: k.path, Line: 1, Column: 1, Code: code, Message: message, Remedy: remedy}
	return k
}

// reason is an error of the file system without the path, which the finding has.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return err.Error()
}

func (k *keySource) parse() ([]keyEntry, []policy.Finding) {
	list, findings := k.parseList()
	return list.entries, findings
}

// keyList is what a key file holds.
type keyList struct {
	entries []keyEntry
	devices []deviceEntry
	// keysAt and devicesAt are where the lists stand.
	keysAt, devicesAt listPlace
}

// listPlace is where a list stands in a key file.
type listPlace struct {
	// line is where the key that holds the list stands, next where the key behind
	// it does; 0 if there is none.
	line, next int
	// indent is the number of blanks before each “-”; flow tells of a list in
	// brackets. n counts its elements.
	indent int
	flow   bool
	n      int
}

func (k *keySource) parseList() (list keyList, findings []policy.Finding) {
	if k.refused != nil {
		return list, []policy.Finding{*k.refused}
	}
	y := &yamlFile{name: k.path, sealed: true}
	root := y.parse(k.text, maxKeyFile)
	if root == nil {
		return list, y.findings
	}
	had := y.fields(root, "a key file",
		field{key: "keys", read: func(n ast.Node) {
			y.listed(n, "keys", &list.keysAt, func(item ast.Node) {
				if e, ok := y.keyEntry(item); ok {
					list.entries = append(list.entries, e)
				}
			})
		}},
		field{key: "mfa_devices", read: func(n ast.Node) {
			y.listed(n, "mfa_devices", &list.devicesAt, func(item ast.Node) {
				if e, ok := y.deviceEntry(item); ok {
					list.devices = append(list.devices, e)
				}
			})
		}},
		field{key: "sealing_keys", remedy: "this is a session key file: name it under sessions, keys"},
	)
	list.place(root)
	if !had["keys"] && !had["mfa_devices"] {
		y.error(position(root), "MISSING_KEY", "the key file has no keys", "write `keys: []` if there are none")
	}
	return list, y.findings
}

// listed reads a list that may be left out, and notes its form.
func (y *yamlFile) listed(n ast.Node, what string, at *listPlace, read func(ast.Node)) {
	if _, none := n.(*ast.NullNode); none {
		return
	}
	if s, ok := n.(*ast.SequenceNode); ok {
		at.flow, at.indent, at.n = s.IsFlowStyle, position(s).Column-1, len(s.Values)
	}
	y.items(n, what, read)
}

// place notes the lines of the lists.
func (l *keyList) place(root ast.Node) {
	lines := map[string]int{}
	for _, p := range (&yamlFile{}).pairs(root, "") {
		lines[p.key.value] = p.key.at.Line
	}
	l.keysAt.line, l.devicesAt.line = lines["keys"], lines["mfa_devices"]
	if l.keysAt.line < l.devicesAt.line {
		l.keysAt.next = l.devicesAt.line
	} else {
		l.devicesAt.next = l.keysAt.line
	}
	if l.keysAt.line == 0 || l.devicesAt.line == 0 {
		l.keysAt.next, l.devicesAt.next = 0, 0
	}
}

// keyEntry reads one key; ok is false if it has errors.
func (y *yamlFile) keyEntry(n ast.Node) (e keyEntry, ok bool) {
	before := len(y.findings)
	e = keyEntry{file: y.name, at: position(n)}
	var secretText, status text
	had := y.fields(n, "an access key",
		field{key: "access_key_id", read: y.into(&e.id, "access_key_id")},
		field{key: "secret_access_key", read: y.into(&secretText, "secret_access_key")},
		field{key: "account", read: y.into(&e.account, "account")},
		field{key: "user", read: y.into(&e.user, "user")},
		field{key: "status", read: y.into(&status, "status")},
		field{key: "created", read: func(n ast.Node) { e.created = y.instant(n, "created") }},
	)
	if _, mapping := n.(*ast.MappingNode); !mapping {
		return e, false
	}
	for _, key := range []string{"access_key_id", "secret_access_key", "account", "user"} {
		if !had[key] {
			y.error(e.at, "MISSING_KEY", "the access key has no "+key, "add it")
		}
	}
	if bad := badAccessKeyID(e.id.value); e.id.value != "" && bad != "" {
		y.error(e.id.at, "INVALID_ACCESS_KEY_ID", "the access_key_id "+bad, "make keys with `sallyport keys create`")
	}
	if bad := badSecret(secretText.value); secretText.value != "" && bad != "" {
		y.error(secretText.at, "INVALID_SECRET", "the secret_access_key "+bad, "make keys with `sallyport keys create`")
	}
	e.secret = secret.New(secretText.value)
	if e.account.value != "" && !isAccount(e.account.value) {
		y.error(e.account.at, "INVALID_ACCOUNT", "the account is not the id of one", "write 12 digits in quotes")
	}
	if bad := badName(e.user.value, users.longest); e.user.value != "" && bad != "" {
		y.error(e.user.at, "INVALID_NAME", "the name of the user "+bad, "write the name of a user of the bundle")
	}
	e.pack()
	switch {
	case status.value == Active, status.value == "" && !had["status"]:
		e.status = Active
	case status.value == Inactive:
		e.status = Inactive
	case status.value != "":
		y.error(status.at, "INVALID_STATUS", "the status is neither Active nor Inactive", "write one of them")
	}
	return e, len(y.findings) == before
}

// pack moves the names into one piece of memory: there may be many entries.
func (e *keyEntry) pack() {
	all := e.id.value + e.account.value + e.user.value
	for _, t := range []*text{&e.id, &e.account, &e.user} {
		n := len(t.value)
		t.value, all = all[:n], all[n:]
	}
}

// badAccessKeyID says what is wrong with the id of a long-term key. Those of
// other stores are let in, to be kept when one is replaced.
func badAccessKeyID(id string) string {
	switch {
	case len(id) < 3 || len(id) > 128:
		return "is not 3 to 128 characters long"
	case strings.IndexFunc(id, func(c rune) bool { return c > 'z' || !alphanumeric(byte(c)) && !strings.ContainsRune("_-.", c) }) >= 0:
		return "holds characters other than A-Z a-z 0-9 _ - ."
	case strings.HasPrefix(id, "ASIA"):
		return "begins with ASIA, as only those of temporary credentials do"
	}
	return ""
}

// minSecret is the shortest secret that is taken.
const minSecret = 8

func badSecret(s string) string {
	switch {
	case len(s) < minSecret || len(s) > 128:
		return fmt.Sprintf("is not %d to 128 characters long", minSecret)
	case strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f }) >= 0:
		return "holds white space or characters other than printable ASCII"
	}
	return ""
}
