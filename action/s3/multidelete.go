package s3

import (
	"errors"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/wire"
)

// maxEntries bounds the entries of one DeleteObjects.
const maxEntries = 1000

// namespace is that of S3's documents.
const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// entry is one object of a DeleteObjects document. The last three are
// conditions.
type entry struct {
	key, version             string
	etag, lastModified, size string
	has                      entryMember
}

type entryMember uint8

const (
	hasKey entryMember = 1 << iota
	hasVersion
	hasETag
	hasLastModified
	hasSize
)

// Delete{Object{Key, VersionId, ETag, LastModifiedTime, Size}…, Quiet}
func readDelete(d *document, c *content) *wire.Refusal {
	d.rootNamed("Delete")
	var quiet bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Object":
			if len(c.entries) == maxEntries {
				d.fail("more than 1000 objects")
				break
			}
			c.entries = append(c.entries, readEntry(d))
		case "Quiet":
			d.once(&quiet, name)
			switch text := d.text(); text {
			case "true", "false":
				c.quiet = text == "true"
			default:
				d.fail("a Quiet that is neither true nor false")
			}
		default:
			d.unknown(name)
		}
	}
	if d.err == nil && len(c.entries) == 0 {
		d.fail("no Object")
	}
	return nil
}

func readEntry(d *document) (e entry) {
	for name, ok := d.child(); ok; name, ok = d.child() {
		var member entryMember
		var text *string
		switch name {
		case "Key":
			member, text = hasKey, &e.key
		case "VersionId":
			member, text = hasVersion, &e.version
		case "ETag":
			member, text = hasETag, &e.etag
		case "LastModifiedTime":
			member, text = hasLastModified, &e.lastModified
		case "Size":
			member, text = hasSize, &e.size
		default:
			d.unknown(name)
			return e
		}
		if e.has&member != 0 {
			d.fail("the element " + name + " is given more than once")
			return e
		}
		e.has |= member
		if *text = d.text(); *text == "" {
			d.fail("the element " + name + " is empty")
		}
	}
	if d.err == nil && e.has&hasKey == 0 {
		d.fail("an object without Key")
	}
	return e
}

// deleteObjects maps each entry by itself.
func (m *Mapper) deleteObjects(b *mapping) (action.Mapped, *wire.Refusal) {
	r := b.view.request
	d := &deletion{entries: b.view.content.entries, quiet: b.view.content.quiet}
	d.items = make([]int, 0, len(d.entries))
	for i := range d.entries {
		e := &d.entries[i]
		if refusal := m.checkKey(e.key); refusal != nil {
			return action.Mapped{}, refusal
		}
		if e.has&hasVersion != 0 && !validIdentifier(e.version) {
			return action.Mapped{}, notIdentifier("versionId", e.version)
		}
		object := resource{b.addressed.arn + "/" + e.key, b.addressed.bucket, e.key, b.addressed.account}
		b.view.version = e.version
		b.view.ifMatch, b.view.hasIfMatch = e.etag, e.has&hasETag != 0
		names, read := r.row.actions, getObject
		if e.version != "" {
			names, read = r.row.version, getObjectVersion
		}
		for _, a := range names {
			b.add(a, &object)
		}
		// A precondition would tell, by trial, to who may not read.
		if b.view.hasIfMatch && e.etag != "*" || e.has&(hasLastModified|hasSize) != 0 {
			b.add(read, &object)
		}
		b.addEffects(r, &object)
		for len(d.items) < len(b.accesses) {
			d.items = append(d.items, i)
		}
	}
	mapped := b.mapped()
	mapped.PerItem = d
	return mapped, nil
}

// deletion answers a DeleteObjects entry by entry.
type deletion struct {
	entries []entry
	quiet   bool
	items   []int // entry by access
}

var _ action.PerItem = (*deletion)(nil)

// Items is the number of entries.
func (d *deletion) Items() int { return len(d.entries) }

// Item is the entry that an access belongs to.
func (d *deletion) Item(i int) int { return d.items[i] }

// Request writes the document with the entries kept.
func (d *deletion) Request(keep func(item int) bool) []byte {
	b := append([]byte(nil), `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<Delete xmlns="`+namespace+`">`...)
	for i, e := range d.entries {
		if !keep(i) {
			continue
		}
		b = append(b, "<Object>"...)
		b = appendElement(b, "Key", e.key)
		if e.has&hasVersion != 0 {
			b = appendElement(b, "VersionId", e.version)
		}
		if e.has&hasETag != 0 {
			b = appendElement(b, "ETag", e.etag)
		}
		if e.has&hasLastModified != 0 {
			b = appendElement(b, "LastModifiedTime", e.lastModified)
		}
		if e.has&hasSize != 0 {
			b = appendElement(b, "Size", e.size)
		}
		b = append(b, "</Object>"...)
	}
	if d.quiet {
		b = append(b, "<Quiet>true</Quiet>"...)
	}
	return append(b, "</Delete>"...)
}

// Response writes the refused entries as errors into the store's answer, or
// into one of its own if nothing was sent. Quiet answers have the errors too.
func (d *deletion) Response(upstream []byte, refused []*wire.Refusal) ([]byte, error) {
	if len(refused) != len(d.entries) {
		return nil, errors.New("the refusals are not those of the entries")
	}
	var b []byte
	if len(upstream) == 0 {
		b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<DeleteResult xmlns="`+namespace+`">`...)
		return append(d.appendErrors(b, refused), "</DeleteResult>"...), nil
	}
	doc := &document{src: string(upstream), answer: true}
	doc.rootNamed("DeleteResult")
	at, closed := doc.pos, doc.emptied
	for _, ok := doc.child(); ok; _, ok = doc.child() {
		doc.skip()
	}
	last := doc.pos
	if err := doc.end(); err != nil {
		return nil, err
	}
	if closed { // <DeleteResult/>
		at = strings.LastIndex(doc.src[:at], "/>")
		b = append(append(b, upstream[:at]...), '>')
		b = append(d.appendErrors(b, refused), "</DeleteResult>"...)
		return append(b, upstream[last:]...), nil
	}
	at = strings.LastIndex(doc.src[:last], "</")
	b = d.appendErrors(append(b, upstream[:at]...), refused)
	return append(b, upstream[at:]...), nil
}

func (d *deletion) appendErrors(b []byte, refused []*wire.Refusal) []byte {
	for i, r := range refused {
		if r == nil {
			continue
		}
		e := &d.entries[i]
		b = append(b, "<Error>"...)
		b = appendElement(b, "Key", e.key)
		if e.has&hasVersion != 0 {
			b = appendElement(b, "VersionId", e.version)
		}
		b = appendElement(b, "Code", r.Code)
		b = appendElement(b, "Message", r.Message)
		b = append(b, "</Error>"...)
	}
	return b
}
