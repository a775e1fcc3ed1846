package bundle

import "github.com/sallyport-iam/sallyport/authz/policy"

// ParseFile reads the text of one file of a bundle that is at a path, and tells
// whether the path has a place in the layout.
func ParseFile(path string, source []byte) ([]policy.Finding, bool) {
	p, bad := locate(path)
	if bad != nil {
		return []policy.Finding{bad.finding()}, false
	}
	switch p.kind {
	case settingsFile:
		_, findings := parseSettings(path, source)
		return findings, true
	case entityFile:
		_, findings := parseEntity(p, path, source)
		return findings, true
	}
	return nil, true
}

// ParseKeys reads the text of a key file.
func ParseKeys(source []byte) (keys int, findings []policy.Finding) {
	entries, findings := (&keySource{path: "keys.yaml", text: source}).parse()
	return len(entries), findings
}

// AppendKey adds a key to the text of a key file; ok is false if it cannot.
func AppendKey(source []byte) (after []byte, ok bool) {
	k := &keySource{path: "keys.yaml", text: source}
	list, findings := k.parseList()
	if policy.HasErrors(findings) || list.takes("keys.yaml", "111122223333", "fuzz") != nil {
		return nil, false
	}
	return list.with(source, Key{AccessKeyID: newAccessKeyID(), Account: "111122223333", User: "fuzz", Status: Active}, newSecret()), true
}

// EditDistance and Nearest look for what was meant.
var (
	EditDistance = editDistance
	Nearest      = nearest
)
