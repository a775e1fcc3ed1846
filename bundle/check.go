package bundle

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// checkAccounts looks for files of accounts that bundle.yaml does not name.
func (b *builder) checkAccounts() {
	if len(b.settings.accounts) == 0 {
		return // reported already
	}
	reported := map[string]bool{awsAccount: true}
	check := func(account, file string) {
		if _, ok := b.settings.accounts[account]; ok || reported[account] {
			return
		}
		reported[account] = true
		b.error(file, policy.Position{}, "UNKNOWN_ACCOUNT", fmt.Sprintf("bundle.yaml does not name the account %s", account),
			didYouMean(account, keysOf(b.settings.accounts), fmt.Sprintf("add it there: accounts: {%q: {}}", account)))
	}
	for _, p := range b.ordered {
		_ = b.pace.step()
		check(p.account, p.file)
	}
	for _, id := range keysOf(b.providers) {
		check(b.providers[id].account, b.providers[id].file.path)
	}
	for _, id := range keysOf(b.saml) {
		check(b.saml[id].account, b.saml[id].file.path)
	}
	for _, name := range keysOf(b.buckets) {
		_ = b.pace.step()
		check(b.buckets[name].account, b.buckets[name].file)
	}
}

// checkIDs looks for ids that two entities have, in whatever account.
func (b *builder) checkIDs() {
	seen := map[string]*principal{}
	for _, p := range b.ordered {
		_ = b.pace.step()
		id := p.entity.id
		if id.value == "" {
			continue
		}
		if other := seen[id.value]; other != nil {
			b.error(p.file, id.at, "DUPLICATE_ID", fmt.Sprintf("the id %s is that of %s:%d already", id.value, other.file, other.entity.id.at.Line),
				"give each entity its own id; one that is deleted and made again gets a new one")
			continue
		}
		seen[id.value] = p
	}
}

// checkBuckets sees to it that a bucket's policy binds the bucket of one owner:
// the account in whose directory it stands.
func (b *builder) checkBuckets() {
	known := make([]string, 0, len(b.opts.Routes))
	isRoute := map[string]bool{}
	for _, r := range b.opts.Routes {
		known = append(known, r.Name)
		isRoute[r.Name] = true
	}
	table := owners{}
	named := map[string]bool{"": true}
	for _, r := range b.settings.rules {
		table.add(r.route.value, r.name.value, r.account.value)
		named[r.route.value] = true
		if r.route.value != "" && len(known) > 0 && !isRoute[r.route.value] && !isRoute[AnyRoute] {
			b.error("bundle.yaml", r.route.at, "UNKNOWN_ROUTE", fmt.Sprintf("there is no route %q", r.route.value),
				didYouMean(r.route.value, known, "name one of the configuration"))
		}
	}
	for _, name := range keysOf(b.buckets) {
		_ = b.pace.step()
		bucket := b.buckets[name]
		owned := false
		for _, route := range keysOf(named) {
			owner, ok := table.of(route, name)
			owned = owned || ok
			if !ok || owner == bucket.account {
				continue
			}
			where := ""
			if route != "" {
				where = fmt.Sprintf(" on route %q", route)
			}
			b.error(bucket.file, policy.Position{}, "NOT_THE_OWNER",
				fmt.Sprintf("the bucket %q belongs to account %s%s, as bundle.yaml has it", name, owner, where),
				"keep its files with that account, or change the rule; a bucket with a policy or tags has one owner on all routes")
			break
		}
		if !owned {
			b.report(bucket.file, policy.Position{}, policy.Warning, "NO_OWNER",
				fmt.Sprintf("the bucket %q has no owner, and so nobody has access to it", name), "add a rule for it to buckets in bundle.yaml")
		}
	}
}

// quota reports what is above a quota of attachments, which AWS can raise.
func (b *builder) quota(file string, at policy.Position, message, remedy string) {
	b.report(file, at, b.quotaSeverity(), "QUOTA_EXCEEDED", message, remedy)
}

// quotaSeverity is that of bounds which a bundle may pass unless it is strict.
func (b *builder) quotaSeverity() policy.Severity {
	if b.settings.strict {
		return policy.Error
	}
	return policy.Warning
}
