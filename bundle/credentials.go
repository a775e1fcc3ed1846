package bundle

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// credentials are the access keys in force, by their ids: those whose id has the
// length that AWS gives all, and the others. The former stand in the table itself:
// whoever looks one up has not to look elsewhere for its text.
type credentials struct {
	usual map[usualID]Credential
	other map[string]Credential
}

type usualID [20]byte

func newCredentials(n int) credentials {
	return credentials{make(map[usualID]Credential, n), map[string]Credential{}}
}

func (t *credentials) of(id string) (c Credential, ok bool) {
	if len(id) != len(usualID{}) {
		c, ok = t.other[id]
		return c, ok
	}
	c, ok = t.usual[usualID([]byte(id))]
	return c, ok
}

func (t *credentials) put(id string, c Credential) {
	if len(id) != len(usualID{}) {
		t.other[id] = c
		return
	}
	t.usual[usualID([]byte(id))] = c
}

// credentials makes the table of access keys, and of MFA devices.
func (b *builder) credentials(s *Snapshot) credentials {
	lists, entries := b.keyLists()
	table := newCredentials(entries)
	seen := make(map[string]*keyEntry, entries)
	served := b.servedPrincipals(s)
	serials := map[string]bool{}
	s.keys, s.devices = make(map[string]keyState, entries), map[string]*MFADevice{}
	for _, list := range lists {
		b.findings = append(b.findings, list.findings...)
		b.linkDevices(s, list.devices, served, serials)
		for i := range list.entries {
			_ = b.pace.step()
			e := &list.entries[i]
			if first := seen[e.id.value]; first != nil {
				b.error(e.file, e.id.at, "DUPLICATE_ACCESS_KEY", fmt.Sprintf("the access key %s stands twice, first in %s:%d", e.id.value, first.file, first.id.at.Line), "keep one of them")
				continue
			}
			seen[e.id.value] = e
			user := b.holder(e.file, "key", e.account, e.user)
			if user == nil {
				continue
			}
			if user.keys++; user.keys == maxKeys+1 {
				b.quota(e.file, e.at, fmt.Sprintf("the user %q has more than %d access keys, which is AWS's limit", e.user.value, maxKeys), "remove those that are not used")
			}
			s.keys[e.id.value] = keyState{account: e.account.value, active: e.status == Active}
			if e.status == Active && served.has(e.account.value, user.user.ARN) {
				table.put(e.id.value, Credential{Secret: e.secret, Version: list.versions[i], Caller: user.user.Caller})
				s.counts.Keys++
			}
		}
	}
	return table
}

// listKey is everything that a list of keys follows from. It follows from secrets: it
// never leaves the process.
type listKey struct {
	path    string
	digest  [sha256.Size]byte
	refused policy.Finding
}

// parsedKeys is what a key file says. The versions are those of the secrets.
type parsedKeys struct {
	keyList
	findings []policy.Finding
	versions []uint64
}

// keyLists are what all key files say, and how many keys that are.
func (b *builder) keyLists() (lists []*parsedKeys, entries int) {
	for _, source := range b.in.keys {
		key := listKey{path: source.path, digest: sha256.Sum256(source.text)}
		if source.refused != nil {
			key.refused = *source.refused
		}
		list := b.made.lists.of(key, source.parsed)
		lists, entries = append(lists, list), entries+len(list.entries)
	}
	return lists, entries
}

func (k *keySource) parsed() *parsedKeys {
	list, findings := k.parseList()
	p := &parsedKeys{list, findings, make([]uint64, len(list.entries))}
	for i := range list.entries {
		p.versions[i] = secretVersion(list.entries[i].id.value, list.entries[i].secret)
	}
	return p
}

// holder is the user of a key or a device; nil if it is not there.
func (b *builder) holder(file, what string, accountText, userText text) *principal {
	account, user := accountText.value, userText.value
	p := b.principals[identify(users, account, user)]
	switch {
	case p != nil && p.name == user:
		return p
	case p != nil:
		b.error(file, userText.at, "UNKNOWN_USER", fmt.Sprintf("there is no user %q in account %s", user, account), fmt.Sprintf("write %q, as its file does", p.name))
		return nil
	}
	if _, ok := b.settings.accounts[account]; !ok {
		b.error(file, accountText.at, "UNKNOWN_ACCOUNT", fmt.Sprintf("bundle.yaml does not name the account %s", account), didYouMean(account, keysOf(b.settings.accounts), "remove the "+what+", or add the account"))
		return nil
	}
	if mayBeSecret(user) {
		user = "…"
	}
	remedy := "remove the " + what + ", or add the user to the bundle"
	if b.suggest() {
		remedy = didYouMean(user, b.names(users, account), remedy)
	}
	b.error(file, userText.at, "UNKNOWN_USER", fmt.Sprintf("there is no user %q in account %s", user, account), remedy)
	return nil
}

// mayBeSecret tells whether what should be a name looks like a secret that stands
// in the wrong place: the secret of a key, or a device's seed.
func mayBeSecret(name string) bool {
	const shortestSeed = (minSeed*8 + 4) / 5 // in base32
	return len(name) >= secretLength || len(name) >= shortestSeed && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// served are the principals whose access keys are in force: all if it is empty.
type served []string

func (s served) has(account, arn string) bool {
	return len(s) == 0 || slices.Contains(s, account) || slices.Contains(s, arn)
}

// servedPrincipals are Options.Principals, which must be there: a name that nothing
// has would leave its keys out in silence.
func (b *builder) servedPrincipals(s *Snapshot) served {
	if len(b.opts.Principals) == 0 {
		return nil
	}
	known := map[string]bool{}
	for account := range b.settings.accounts {
		known[account] = true
	}
	for _, p := range b.opts.Principals {
		if !known[p] && s.users[p] == nil {
			b.report("bundle.yaml", policy.Position{}, policy.Warning, "UNKNOWN_PRINCIPAL",
				fmt.Sprintf("access keys are limited to %q, among others, which is no user or account of the bundle", p), "correct keys, principals in the configuration: name ARNs of users, and account ids")
		}
	}
	return b.opts.Principals
}
