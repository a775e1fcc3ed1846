package bundle

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/secret"
)

// The bounds of a session key file.
const (
	maxSessionKeyFile = 64 << 10
	maxSessionKeys    = 32 // of one kind
	sessionKeySize    = 32
)

// sessionKeyKind is one of the lists of a session key file.
type sessionKeyKind struct {
	name, list, field, singular string
	// id is that of a key.
	id func([]byte) string
}

var (
	sealingKind = &sessionKeyKind{"sealing", "sealing_keys", "key", "a sealing key", sealingKeyID}
	issuerKind  = &sessionKeyKind{"issuer", "issuer_keys", "private_key", "an issuer key", func(seed []byte) string {
		return issuerKeyID(publicKey(seed))
	}}
	trustedKind = &sessionKeyKind{"trusted", "trusted_keys", "public_key", "a trusted key", func(key []byte) string { return issuerKeyID(key) }}
)

// publicKey is that of the seed of a private key.
func publicKey(seed []byte) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
}

// sessionKeyEntry is a key of a session key file: a sealing key, the seed of a
// private key, or a public key.
type sessionKeyEntry struct {
	id               text
	key              []byte
	status           string
	created, retired time.Time
	at               policy.Position
}

// until is when a retired key has no tokens left; zero for others.
func (e *sessionKeyEntry) until() time.Time {
	if e.status != KeyRetired {
		return time.Time{}
	}
	return e.retired.Add(retirement)
}

// sessionKeyFile is what a session key file says.
type sessionKeyFile struct {
	deployment               text
	sealing, issuer, trusted []sessionKeyEntry
}

// parseSessionKeys reads a session key file. Findings never hold a secret. The
// result is nil if there are errors.
func (k *keySource) parseSessionKeys() (*sessionKeyFile, []policy.Finding) {
	if k.refused != nil {
		return nil, []policy.Finding{*k.refused}
	}
	y := &yamlFile{name: k.path, sealed: true}
	root := y.parse(k.text, maxSessionKeyFile)
	if root == nil {
		return nil, y.findings
	}
	f := &sessionKeyFile{}
	had := y.fields(root, "a session key file",
		field{key: "deployment", read: y.into(&f.deployment, "deployment")},
		field{key: sealingKind.list, read: func(n ast.Node) { f.sealing = y.sessionKeys(n, sealingKind) }},
		field{key: issuerKind.list, read: func(n ast.Node) { f.issuer = y.sessionKeys(n, issuerKind) }},
		field{key: trustedKind.list, read: func(n ast.Node) { f.trusted = y.sessionKeys(n, trustedKind) }},
		field{key: "keys", remedy: "this is a key file of access keys: name it under keys, files"},
	)
	at := position(root)
	for _, key := range []string{"deployment", sealingKind.list} {
		if !had[key] {
			y.error(at, "MISSING_KEY", "the session key file has no "+key, "make one with `sallyport sessions keygen`")
		}
	}
	if bad := badDeployment(f.deployment.value); f.deployment.value != "" && bad != "" {
		y.error(f.deployment.at, "INVALID_DEPLOYMENT", "the deployment "+bad, "keep what `sallyport sessions keygen` wrote")
	}
	if !policy.HasErrors(y.findings) {
		y.oneActive(at, f.sealing, sealingKind)
		if len(f.issuer) > 0 {
			y.oneActive(at, f.issuer, issuerKind)
		}
		y.trustedOnce(at, f)
	}
	if policy.HasErrors(y.findings) {
		return nil, y.findings
	}
	return f, y.findings
}

func badDeployment(id string) string {
	switch {
	case len(id) < 8 || len(id) > 64:
		return "is not 8 to 64 characters long"
	case strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return "holds characters other than a-z 0-9 -"
	}
	return ""
}

func (y *yamlFile) sessionKeys(n ast.Node, kind *sessionKeyKind) []sessionKeyEntry {
	var entries []sessionKeyEntry
	seen := map[string]int{}
	y.items(n, kind.list, func(item ast.Node) {
		e, ok := y.sessionKey(item, kind)
		if !ok {
			return
		}
		if line, twice := seen[e.id.value]; twice {
			y.error(e.id.at, "DUPLICATE_KEY_ID", fmt.Sprintf("the key %s stands twice, first on line %d", e.id.value, line), "keep one of them")
			return
		}
		seen[e.id.value] = e.id.at.Line
		entries = append(entries, e)
	})
	if len(entries) > maxSessionKeys {
		y.error(position(n), "TOO_MANY_KEYS", fmt.Sprintf("there are %d %s, and at most %d are read", len(entries), kind.list, maxSessionKeys), "remove retired ones with `sallyport sessions prune`")
	}
	return entries
}

// sessionKey reads one key; ok is false if it has errors.
func (y *yamlFile) sessionKey(n ast.Node, kind *sessionKeyKind) (e sessionKeyEntry, ok bool) {
	before := len(y.findings)
	e.at = position(n)
	var key, status text
	var retiredAt policy.Position
	had := y.fields(n, kind.singular,
		field{key: "id", read: y.into(&e.id, "id")},
		field{key: kind.field, read: y.into(&key, kind.field)},
		field{key: "status", read: y.into(&status, "status")},
		field{key: "created", read: func(n ast.Node) { e.created = y.instant(n, "created") }},
		field{key: "retired", read: func(n ast.Node) { e.retired, retiredAt = y.instant(n, "retired"), position(n) }},
	)
	if _, mapping := n.(*ast.MappingNode); !mapping {
		return e, false
	}
	for _, name := range []string{"id", kind.field, "status"} {
		if !had[name] {
			y.error(e.at, "MISSING_KEY", kind.singular+" has no "+name, "add it, or make keys with `sallyport sessions rotate`")
		}
	}
	switch e.status = status.value; e.status {
	case KeyRetired:
		if !had["retired"] {
			y.error(status.at, "MISSING_KEY", "a retired key does not say since when", "add retired: 2026-01-31T12:00:00Z, with the time at which it was")
		}
	case KeyActive, KeyNext:
		if had["retired"] {
			y.error(retiredAt, "CONFLICTING_KEYS", "a key that is not retired says since when it is", "remove retired, or write status: "+KeyRetired)
		}
	case "":
	default:
		y.error(status.at, "INVALID_STATUS", "the status is none of Active, Next and Retired", "write one of them")
	}
	if key.value == "" || e.id.value == "" {
		return e, false
	}
	var err error
	e.key, err = base64.StdEncoding.Strict().DecodeString(key.value)
	switch {
	case err != nil || len(e.key) != sessionKeySize:
		y.error(key.at, "INVALID_KEY", fmt.Sprintf("the %s is not %d bytes in base64", kind.field, sessionKeySize), "keep what `sallyport sessions` wrote")
	case kind.id(e.key) != e.id.value:
		y.error(e.id.at, "KEY_ID_MISMATCH", "the id is not that of the key: one of them was changed", "restore both, or remove the key")
	}
	return e, len(y.findings) == before
}

// oneActive sees to it that it is clear which key is used.
func (y *yamlFile) oneActive(at policy.Position, entries []sessionKeyEntry, kind *sessionKeyKind) {
	first := -1
	for i := range entries {
		switch {
		case entries[i].status != KeyActive:
		case first >= 0:
			y.error(entries[i].at, "TWO_ACTIVE_KEYS", fmt.Sprintf("another one of %s is active already, on line %d", kind.list, entries[first].at.Line), "write status: "+KeyNext+" at one of them")
		default:
			first = i
		}
	}
	if first < 0 {
		y.error(at, "NO_ACTIVE_KEY", "none of "+kind.list+" is active", "write status: "+KeyActive+" at one, or `sallyport sessions rotate --now`")
	}
}

// trustedOnce sees to it that no issuer is trusted twice, and that some is.
func (y *yamlFile) trustedOnce(at policy.Position, f *sessionKeyFile) {
	for i := range f.trusted {
		if own := find(f.issuer, f.trusted[i].id.value); own != nil {
			y.error(f.trusted[i].at, "DUPLICATE_KEY_ID", fmt.Sprintf("the key %s is one of issuer_keys, on line %d, and so is trusted", own.id.value, own.at.Line), "remove it here")
		}
	}
	if len(f.issuer)+len(f.trusted) == 0 {
		y.error(at, "NO_TRUSTED_KEYS", "the file has neither issuer_keys nor trusted_keys, so that no token would be genuine", "take over those of an issuer with `sallyport sessions trust`")
	}
}

// find is the key with an id; nil if there is none.
func find(entries []sessionKeyEntry, id string) *sessionKeyEntry {
	if i := slices.IndexFunc(entries, func(e sessionKeyEntry) bool { return e.id.value == id }); i >= 0 {
		return &entries[i]
	}
	return nil
}

// sessionKeys makes the keys of the snapshot.
func (f *sessionKeyFile) sessionKeys() *SessionKeys {
	keys := &SessionKeys{Deployment: f.deployment.value}
	for i := range f.sealing {
		e := &f.sealing[i]
		sealing := SealingKey{ID: e.id.value, Key: secret.New(string(e.key)), Until: e.until()}
		if e.status == KeyActive {
			keys.Sealing = slices.Insert(keys.Sealing, 0, sealing)
		} else {
			keys.Sealing = append(keys.Sealing, sealing)
		}
	}
	for i := range f.issuer {
		e := &f.issuer[i]
		if e.status == KeyActive {
			keys.Issuer = &IssuerKey{ID: e.id.value, Private: ed25519.NewKeyFromSeed(e.key)}
		}
		keys.Trusted = append(keys.Trusted, TrustedKey{ID: e.id.value, Public: publicKey(e.key), Until: e.until()})
	}
	for i := range f.trusted {
		e := &f.trusted[i]
		keys.Trusted = append(keys.Trusted, TrustedKey{ID: e.id.value, Public: e.key, Until: e.until()})
	}
	return keys
}

// spent are warnings of retired keys that have no tokens left.
func (f *sessionKeyFile) spent(path string, now time.Time) []policy.Finding {
	var findings []policy.Finding
	for _, list := range [][]sessionKeyEntry{f.sealing, f.issuer, f.trusted} {
		for i := range list {
			if e := &list[i]; e.status == KeyRetired && now.After(e.until()) {
				findings = append(findings, policy.Finding{
					File: path, Line: e.at.Line, Column: e.at.Column, Severity: policy.Warning, Code: "SPENT_KEY",
					Message: fmt.Sprintf("the key %s was retired so long ago that the last of its sessions has ended", e.id.value),
					Remedy:  "remove it with `sallyport sessions prune --file " + path + "`",
				})
			}
		}
	}
	return findings
}

// listed are the keys without secrets.
func (f *sessionKeyFile) listed() []SessionKey {
	var all []SessionKey
	add := func(kind *sessionKeyKind, entries []sessionKeyEntry) {
		for i := range entries {
			e := &entries[i]
			all = append(all, SessionKey{Kind: kind.name, ID: e.id.value, Status: e.status, Created: e.created, Retired: e.retired, Until: e.until()})
		}
	}
	add(sealingKind, f.sealing)
	add(issuerKind, f.issuer)
	add(trustedKind, f.trusted)
	return all
}

// ReadSessionKeys lists the keys of a session key file, and the id of its
// deployment. Neither keys nor findings hold a secret.
func ReadSessionKeys(file string, now time.Time) (deployment string, keys []SessionKey, findings []policy.Finding) {
	f, findings := readSessionKeySource(file).parseSessionKeys()
	if f == nil {
		return "", nil, findings
	}
	return f.deployment.value, f.listed(), append(findings, f.spent(file, now)...)
}

func readSessionKeySource(file string) *keySource {
	return readSecretFile(file, "session key file", "make it with `sallyport sessions keygen --file "+file+"`")
}
