package rules

default allowed := false

allowed if {
	matches(data.allow)
	not matches(data.deny)
}

matches(rules) if {
	some rule in rules.prefixes
	rule.action == input.action
	startswith(input.object, rule.prefix)
}

matches(rules) if {
	some rule in rules.patterns
	rule.action == input.action
	glob.match(rule.pattern, null, input.object)
}

matches(rules) if {
	some rule in rules.networks
	rule.action == input.action
	startswith(input.object, rule.prefix)
	some network in rule.networks
	net.cidr_contains(network, input.ip)
}
