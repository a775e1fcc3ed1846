package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
)

var errTagsClaim = errors.New("the claim " + tagsClaim + ` is not of the form {"principal_tags": {"KEY": ["VALUE"]}, "transitive_tag_keys": ["KEY"]}`)

// readTags reads the session tags of a token: as one claim, or as claims whose names
// begin with it.
func (f *Federated) readTags(claims map[string]json.RawMessage) error {
	var flat bool
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		rest, ok := strings.CutPrefix(name, tagsClaim+"/")
		if !ok {
			continue
		}
		flat = true
		var err error
		if key, isTag := strings.CutPrefix(rest, "principal_tags/"); isTag {
			err = f.readTag(key, claims[name])
		} else if rest == "transitive_tag_keys" {
			err = f.readTransitive(claims[name])
		} else {
			err = fmt.Errorf("the claim %q has no meaning", name)
		}
		if err != nil {
			return err
		}
	}
	if raw, ok := claims[tagsClaim]; ok {
		if flat {
			return errors.New("the claim " + tagsClaim + " stands beside others that begin with it")
		}
		if err := f.readNestedTags(raw); err != nil {
			return err
		}
	}
	if r := checkTags(f.Tags, f.Transitive); r != nil {
		return errors.New(r.Message)
	}
	return nil
}

// readNestedTags reads the claim that holds all of them. Members that stand twice
// are refused.
func (f *Federated) readNestedTags(raw json.RawMessage) error {
	return eachMember(raw, func(name string, raw json.RawMessage) error {
		switch name {
		case "principal_tags":
			return eachMember(raw, f.readTag)
		case "transitive_tag_keys":
			return f.readTransitive(raw)
		default:
			return errTagsClaim
		}
	})
}

// readTag reads a tag, whose value is a list of one text.
func (f *Federated) readTag(key string, raw json.RawMessage) error {
	values, ok := textList(raw)
	if !ok || len(values) != 1 {
		return errTagsClaim
	}
	if len(f.Tags) == maxTags {
		return fmt.Errorf("it has more than %d session tags", maxTags)
	}
	f.Tags = append(f.Tags, action.Tag{Key: key, Value: values[0]})
	return nil
}

func (f *Federated) readTransitive(raw json.RawMessage) error {
	keys, ok := textList(raw)
	if !ok || f.Transitive != nil {
		return errTagsClaim
	}
	f.Transitive = keys
	return nil
}

// readIdentity reads the source identity of a token.
func (f *Federated) readIdentity(claims map[string]json.RawMessage) error {
	raw, ok := claims[sourceIdentityClaim]
	if !ok {
		return nil
	}
	value, ok := decodeJSON(raw)
	text, isText := value.(string)
	if !ok || !isText || !isName(text, maxName) || strings.HasPrefix(strings.ToLower(text), "aws:") {
		return errors.New("the claim " + sourceIdentityClaim + " is not a text of 2 to 64 letters, digits and characters of _+=,.@-")
	}
	f.SourceIdentity = text
	return nil
}

// textList reads a list of texts.
func textList(raw json.RawMessage) (list []string, ok bool) {
	value, ok := decodeJSON(raw)
	several, isList := value.([]any)
	if !ok || !isList {
		return nil, false
	}
	list = make([]string, len(several))
	for i, v := range several {
		if list[i], ok = v.(string); !ok {
			return nil, false
		}
	}
	return list, true
}

// eachMember visits the members of an object, of which none stands twice.
func eachMember(raw json.RawMessage, visit func(name string, raw json.RawMessage) error) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errTagsClaim
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok || seen[name] {
			return errTagsClaim
		}
		seen[name] = true
		var member json.RawMessage
		if d.Decode(&member) != nil {
			return errTagsClaim
		}
		if err := visit(name, member); err != nil {
			return err
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') || d.More() {
		return errTagsClaim
	}
	return nil
}
