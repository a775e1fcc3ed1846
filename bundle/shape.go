package bundle

import (
	"encoding/binary"
	"unique"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// shape is all of a document that decides whether something is found when its condition
// keys are judged, beside the circumstances: not where it stands, and not what it
// compares with. Many documents have the same, and of most nothing is found. The zero
// shape is that of a document which shares its judgement with none.
type shape struct{ text unique.Handle[string] }

// shapeOf is the shape of a document. Those of trust policies are judged one by one:
// what is found in them follows from whom they name and from their account, too.
func shapeOf(doc *policy.Document) shape {
	if doc.Kind == policy.Trust {
		return shape{}
	}
	var key []byte
	for i := range doc.Statements {
		s := &doc.Statements[i]
		uses := keyUses(doc, s)
		if len(uses) == 0 {
			continue
		}
		actions := s.Actions
		if s.NotActions != nil {
			actions = s.NotActions
		}
		key = append(key, byte(s.Effect), bit(s.NotActions != nil))
		key = binary.AppendUvarint(key, uint64(len(actions)))
		for _, v := range actions {
			key = appendString(key, v.Text)
		}
		key = binary.AppendUvarint(key, uint64(len(uses)))
		for k := range uses {
			key = append(appendString(key, uses[k].key), bit(uses[k].alwaysHolds()))
		}
	}
	return shape{unique.Make(string(key))}
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendString(key []byte, s string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(s))), s...)
}
