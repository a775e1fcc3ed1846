package session

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// AWS's limits of session tags, in tags and in characters.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// checkTags checks the tags that a caller passes, and the keys of those that are to
// go on. Keys that differ in case alone are the same.
func checkTags(tags []action.Tag, transitive []string) *wire.Refusal {
	if len(tags) > maxTags {
		return invalid(fmt.Sprintf("At most %d session tags may be passed.", maxTags))
	}
	if len(transitive) > maxTags {
		return invalid(fmt.Sprintf("At most %d transitive tag keys may be passed.", maxTags))
	}
	seen := make(map[string]bool, len(tags))
	for _, t := range tags {
		if n := utf8.RuneCountInString(t.Key); n < 1 || n > maxTagKey || !isTagText(t.Key) {
			return invalid(fmt.Sprintf("The key of a session tag has 1 to %d letters, digits, spaces and characters of _.:/=+-@.", maxTagKey))
		}
		if utf8.RuneCountInString(t.Value) > maxTagValue || !isTagText(t.Value) {
			return invalid(fmt.Sprintf("The value of a session tag has at most %d letters, digits, spaces and characters of _.:/=+-@.", maxTagValue))
		}
		folded := strings.ToLower(t.Key)
		if strings.HasPrefix(folded, "aws:") {
			return invalid("The keys of session tags must not begin with aws:.")
		}
		if seen[folded] {
			return invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[folded] = true
	}
	listed := make(map[string]bool, len(transitive))
	for _, key := range transitive {
		folded := strings.ToLower(key)
		if !seen[folded] {
			return invalid("The specified transitive tag key must be included in the requested tags.")
		}
		if listed[folded] {
			return invalid("A transitive tag key is passed twice. Please note that Tag keys are case insensitive.")
		}
		listed[folded] = true
	}
	return nil
}

func isTagText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Z, r) && !strings.ContainsRune("_.:/=+-@", r)
	})
}

// inherit puts the tags that go on from the caller's session before those that it
// passes. None can be passed again.
func inherit(inherited map[string]string, tags []action.Tag, transitive []string) ([]action.Tag, []string, *wire.Refusal) {
	if len(inherited) == 0 {
		return tags, canonicalKeys(tags, transitive), nil
	}
	folded := make(map[string]bool, len(inherited))
	keys := slices.Sorted(maps.Keys(inherited))
	all := make([]action.Tag, 0, len(inherited)+len(tags))
	for _, key := range keys {
		folded[strings.ToLower(key)] = true
		all = append(all, action.Tag{Key: key, Value: inherited[key]})
	}
	for _, t := range tags {
		if folded[strings.ToLower(t.Key)] {
			return nil, nil, &wire.Refusal{
				Status: 400, Code: "InvalidParameterValue",
				Message: "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
			}
		}
	}
	return append(all, tags...), append(keys, canonicalKeys(tags, transitive)...), nil
}

// canonicalKeys spells keys as the tags do.
func canonicalKeys(tags []action.Tag, keys []string) []string {
	var out []string
	passed := make(map[string]bool, len(keys))
	for _, key := range keys {
		passed[strings.ToLower(key)] = true
	}
	for _, t := range tags {
		if passed[strings.ToLower(t.Key)] {
			out = append(out, t.Key)
		}
	}
	return out
}

// fillTags sets the tags of a principal: those of the role or user, and in their
// place the ones of the session. Case does not count.
func fillTags(k *authz.Context, own map[string]string, session []action.Tag) {
	over := make(map[string]bool, len(session))
	for _, t := range session {
		over[strings.ToLower(t.Key)] = true
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if !over[strings.ToLower(key)] {
			k.SetTag(principalTag, key, own[key])
		}
	}
	for _, t := range session {
		k.SetTag(principalTag, t.Key, t.Value)
	}
}

const principalTag = "aws:principaltag"
