package bundle

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// settings is what bundle.yaml says.
type settings struct {
	accounts map[string]policy.Position
	rules    []ownerRule
	// absent are the condition keys, in lower case, that are declared to be
	// filled by nothing.
	absent map[string]policy.Position
	// strict makes AWS's attachment quotas errors.
	strict bool
	// revokeWithParent ends sessions with the key that they began with.
	revokeWithParent bool
	certificates     []certificateEntry
}

// ownerRule gives the buckets of a pattern to an account.
type ownerRule struct {
	name, account, route text
}

// parseSettings reads bundle.yaml. The settings are never nil.
func parseSettings(name string, source []byte) (*settings, []policy.Finding) {
	y := &yamlFile{name: name}
	s := &settings{accounts: map[string]policy.Position{}, absent: map[string]policy.Position{}}
	root := y.parse(source, maxSettings)
	if root == nil {
		return s, y.findings
	}
	had := y.fields(root, "bundle.yaml",
		field{key: "accounts", read: func(n ast.Node) { s.readAccounts(y, n) }},
		field{key: "buckets", read: func(n ast.Node) { s.readBuckets(y, n) }},
		field{key: "assume", read: func(n ast.Node) { s.readAssume(y, n) }},
		field{key: "limits", read: func(n ast.Node) { s.readLimits(y, n) }},
		field{key: "sessions", read: func(n ast.Node) { s.readSessions(y, n) }},
		field{key: "certificates", read: func(n ast.Node) { s.readCertificates(y, n) }},
		field{key: "organization", remedy: "remove it: organizations are not supported by this version"},
		field{key: "defaults", remedy: "remove it: there are no defaults to set in this version"},
	)
	if !had["accounts"] {
		y.error(position(root), "MISSING_ACCOUNTS", "bundle.yaml names no accounts", "add `accounts: {\"111122223333\": {alias: …}}`")
	}
	for _, rule := range s.rules {
		if _, ok := s.accounts[rule.account.value]; !ok && rule.account.value != "" {
			y.error(rule.account.at, "UNKNOWN_ACCOUNT", fmt.Sprintf("the account %s is not one of this bundle", y.quote(rule.account.value)),
				didYouMean(rule.account.value, keysOf(s.accounts), "add it under accounts"))
		}
	}
	return s, y.findings
}

func (s *settings) readAccounts(y *yamlFile, n ast.Node) {
	aliases := map[string]string{}
	for _, p := range y.pairs(n, "accounts") {
		id := p.key.value
		if !isAccount(id) {
			y.error(p.key.at, "INVALID_ACCOUNT", fmt.Sprintf("%s is not the id of an account", y.quote(id)), "write 12 digits in quotes")
			continue
		}
		s.accounts[id] = p.key.at
		if _, bare := p.value.(*ast.NullNode); bare {
			continue
		}
		var alias text
		y.fields(p.value, "an account", field{key: "alias", read: y.into(&alias, "alias")})
		if alias.value == "" {
			continue
		}
		if bad := badAlias(alias.value); bad != "" {
			y.error(alias.at, "INVALID_ALIAS", fmt.Sprintf("the alias %s %s", y.quote(alias.value), bad), "use another alias")
		} else if first, twice := aliases[alias.value]; twice {
			y.error(alias.at, "DUPLICATE_ALIAS", fmt.Sprintf("the alias %q is that of account %s already", alias.value, first), "use another alias")
		}
		aliases[alias.value] = id
	}
}

func (s *settings) readBuckets(y *yamlFile, n ast.Node) {
	type pattern struct{ route, name string }
	seen := map[pattern]int{}
	y.items(n, "buckets", func(item ast.Node) {
		var r ownerRule
		had := y.fields(item, "a rule for buckets",
			field{key: "name", read: y.into(&r.name, "name")},
			field{key: "account", read: y.into(&r.account, "account")},
			field{key: "route", read: y.into(&r.route, "route")},
			field{key: "bucket", remedy: `write "name"`},
			field{key: "owner", remedy: `write "account"`},
		)
		for _, key := range []string{"name", "account"} {
			if _, mapping := item.(*ast.MappingNode); mapping && !had[key] {
				y.error(position(item), "MISSING_KEY", "the rule for buckets has no "+key, "add it")
			}
		}
		if r.name.value == "" || r.account.value == "" {
			return
		}
		prefix, _ := strings.CutSuffix(r.name.value, "*")
		if bad := badBucket(prefix); bad != "" {
			y.error(r.name.at, "INVALID_BUCKET", fmt.Sprintf("%s %s", y.quote(r.name.value), bad),
				"write the name of a bucket, or a prefix and * at its end")
			return
		}
		key := pattern{r.route.value, r.name.value}
		if line, twice := seen[key]; twice {
			y.error(r.name.at, "DUPLICATE_RULE", fmt.Sprintf("there is a rule for %s already, on line %d", y.quote(r.name.value), line), "keep one of them")
			return
		}
		seen[key] = r.name.at.Line
		s.rules = append(s.rules, r)
	})
}

func (s *settings) readAssume(y *yamlFile, n ast.Node) {
	for _, p := range y.pairs(n, "assume") {
		value, ok := y.str(p.value, "the assumption about "+p.key.value)
		if !ok {
			continue
		}
		if value.value != "absent" {
			y.error(value.at, "INVALID_ASSUMPTION", fmt.Sprintf("%s is no assumption", y.quote(value.value)), "write absent: that nothing ever fills the key")
			continue
		}
		name := strings.ToLower(p.key.value)
		if _, twice := s.absent[name]; twice {
			y.error(p.key.at, "DUPLICATE_KEY", fmt.Sprintf("the condition key %q stands here in another case already", p.key.value), "keep one of them")
			continue
		}
		if !strings.Contains(name, ":") {
			y.error(p.key.at, "INVALID_CONDITION_KEY", fmt.Sprintf("%s is no condition key", y.quote(p.key.value)), "write its prefix too, as in aws:SourceVpce")
			continue
		}
		s.absent[name] = p.key.at
	}
}

func (s *settings) readLimits(y *yamlFile, n ast.Node) {
	value, ok := y.str(n, "limits")
	switch {
	case !ok:
	case value.value == "aws":
		s.strict = true
	default:
		y.error(value.at, "INVALID_LIMITS", fmt.Sprintf("%s is no set of limits", y.quote(value.value)), "write aws, which makes AWS's attachment quotas errors, or leave it out")
	}
}

func (s *settings) readSessions(y *yamlFile, n ast.Node) {
	y.fields(n, "sessions",
		field{key: "revoke_with_parent", read: func(n ast.Node) {
			if yes := y.boolean(n, "revoke_with_parent"); yes != nil {
				s.revokeWithParent = *yes
			}
		}},
		field{key: "keys", remedy: "name the session key file in the configuration, under sessions"},
	)
}

// didYouMean is the remedy for a name that nothing has.
func didYouMean(name string, known []string, otherwise string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("write %q, or %s", near, otherwise)
	}
	return otherwise
}
