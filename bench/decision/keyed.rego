package rules

default allowed := false

allowed if {
	some prefix in data.allow[input.action][input.bucket]
	startswith(input.key, prefix)
	not denied
}

denied if {
	some prefix in data.deny[input.action][input.bucket]
	startswith(input.key, prefix)
}
