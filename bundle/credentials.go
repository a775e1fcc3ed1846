package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// credentials makes the table of access keys, and of MFA devices.
func (b *builder) credentials(s *Snapshot) map[string]Credential {
	table := map[string]Credential{}
	seen := map[string]*keyEntry{}
	perUser := map[string]int{}
	served := b.servedPrincipals()
	serials, devices := map[string]bool{}, map[string]int{}
	s.keys, s.devices = map[string]keyState{}, map[string]*MFADevice{}
	for _, source := range b.in.keys {
		list, findings := source.parseList()
		b.findings = append(b.findings, findings...)
		b.linkDevices(s, list.devices, served, serials, devices)
		for i := range list.entries {
			e := &list.entries[i]
			if first := seen[e.id.value]; first != nil {
				b.error(e.file, e.id.at, "DUPLICATE_ACCESS_KEY", fmt.Sprintf("the access key %s stands twice, first in %s:%d", e.id.value, first.file, first.id.at.Line), "keep one of them")
				continue
			}
			seen[e.id.value] = e
			if !b.holder(e.file, "key", e.account, e.user) {
				continue
			}
			id := identity(users, e.account.value, e.user.value)
			if perUser[id]++; perUser[id] == maxKeys+1 {
				b.quota(e.file, e.at, fmt.Sprintf("the user %q has more than %d access keys, which is AWS's limit", e.user.value, maxKeys), "remove those that are not used")
			}
			s.keys[e.id.value] = keyState{account: e.account.value, active: e.status == Active}
			if e.status == Active && served.has(e.account.value, b.callers[id].ARN) {
				table[e.id.value] = Credential{Secret: e.secret, Version: secretVersion(e.id.value, e.secret), Caller: b.callers[id]}
				s.counts.Keys++
			}
		}
	}
	return table
}

// holder tells whether the user of a key or a device is there.
func (b *builder) holder(file, what string, accountText, userText text) bool {
	account, user := accountText.value, userText.value
	p := b.principals[identity(users, account, user)]
	switch {
	case p != nil && p.name == user:
		return true
	case p != nil:
		b.error(file, userText.at, "UNKNOWN_USER", fmt.Sprintf("there is no user %q in account %s", user, account), fmt.Sprintf("write %q, as its file does", p.name))
		return false
	}
	if _, ok := b.settings.accounts[account]; !ok {
		b.error(file, accountText.at, "UNKNOWN_ACCOUNT", fmt.Sprintf("bundle.yaml does not name the account %s", account), didYouMean(account, keysOf(b.settings.accounts), "remove the "+what+", or add the account"))
		return false
	}
	if mayBeSecret(user) {
		user = "…"
	}
	remedy := "remove the " + what + ", or add the user to the bundle"
	if b.suggest() {
		remedy = didYouMean(user, b.names(users, account), remedy)
	}
	b.error(file, userText.at, "UNKNOWN_USER", fmt.Sprintf("there is no user %q in account %s", user, account), remedy)
	return false
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
func (b *builder) servedPrincipals() served {
	if len(b.opts.Principals) == 0 {
		return nil
	}
	known := map[string]bool{}
	for account := range b.settings.accounts {
		known[account] = true
	}
	for _, c := range b.callers {
		known[c.ARN] = true
	}
	for _, p := range b.opts.Principals {
		if !known[p] {
			b.report("bundle.yaml", policy.Position{}, policy.Warning, "UNKNOWN_PRINCIPAL",
				fmt.Sprintf("access keys are limited to %q, among others, which is no user or account of the bundle", p), "correct keys, principals in the configuration: name ARNs of users, and account ids")
		}
	}
	return b.opts.Principals
}
