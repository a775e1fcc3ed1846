package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// mappedRequests is what map prints.
type mappedRequests struct {
	Requests []mappedRequest `json:"requests"`
	// Placeholder is the account that stands for an owner that nothing names.
	Placeholder string `json:"placeholder_owner,omitempty"`
	// OtherKeys are the condition keys that accesses have besides, by what they
	// follow from.
	OtherKeys map[string][]string `json:"other_keys"`
}

// mappedRequest is what one request amounts to.
type mappedRequest struct {
	// Request names it: the file, and its number there.
	Request    string         `json:"request"`
	Route      string         `json:"route,omitempty"`
	Operation  string         `json:"operation,omitempty"`
	Bucket     string         `json:"bucket,omitempty"`
	Key        string         `json:"key,omitempty"`
	Refusal    *mappedRefusal `json:"refusal,omitempty"`
	Accesses   []mappedAccess `json:"accesses"`
	Disclosure *mappedAccess  `json:"disclosure,omitempty"`
	// Items tells that the answer is item by item: what is denied is left out.
	Items int      `json:"items,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// mappedRefusal is why a request cannot be mapped.
type mappedRefusal struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
	// Reason is what the log says and the client is not told.
	Reason string `json:"reason,omitempty"`
}

// mappedAccess is one access.
type mappedAccess struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
	Owner    string `json:"owner"`
	// Keys are the condition keys: a string, a list of strings, or null for two
	// tags whose keys differ in case alone.
	Keys map[string]any `json:"keys"`
	// Item is the number of the item that the access is for, from 1.
	Item int `json:"item,omitempty"`
	// ReadsTags is the object whose tags are read if a policy asks for them.
	ReadsTags *mappedObject `json:"reads_tags,omitempty"`
	// CopiesTags is the object whose tags the request gives the one it writes, and
	// IfTagged tells that the access is demanded only if that has any.
	CopiesTags *mappedObject `json:"copies_tags,omitempty"`
	IfTagged   bool          `json:"if_tagged,omitempty"`
}

// mappedObject is an object, or a version of one.
type mappedObject struct {
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	Version string `json:"version,omitempty"`
}

// otherKeys are the names of the condition keys that do not follow from what is
// asked for.
func otherKeys() map[string][]string {
	return map[string][]string{
		"connection": proxy.Keys(),
		"signature":  proxy.SignatureKeys(),
		"caller":     bundle.PrincipalKeys(),
	}
}

// ownerKeys are the condition keys that every access of S3 has from its owner.
var ownerKeys = []string{"aws:resourceaccount", "s3:resourceaccount"}

func (m *mappedRequest) note(text string) { m.Notes = append(m.Notes, text) }

// refuse notes why the request cannot be mapped; nil says nothing.
func (m *mappedRequest) refuse(r *wire.Refusal) {
	if r != nil {
		m.Refusal = &mappedRefusal{r.Status, r.Code, r.Message, r.Cause}
	}
}

// fill takes over what a request amounts to.
func (m *mappedRequest) fill(from *action.Mapped, at *mapPlace) {
	m.Accesses = make([]mappedAccess, len(from.Accesses))
	for i := range from.Accesses {
		a := &from.Accesses[i]
		m.Accesses[i] = newMappedAccess(a, at)
		if from.PerItem != nil {
			m.Accesses[i].Item = from.PerItem.Item(i) + 1
		}
		if from.Objects != nil && a.Keys.Unread(action.ObjectTags) != "" {
			o := &from.Objects[i]
			m.Accesses[i].ReadsTags = &mappedObject{o.Bucket, o.Key, o.Version}
		}
		if o := from.TagsOf; o != nil && a.Keys.Unread(action.RequestTags) != "" {
			m.Accesses[i].CopiesTags = &mappedObject{o.Bucket, o.Key, o.Version}
		}
		m.Accesses[i].IfTagged = i >= len(from.Accesses)-from.IfTagged
	}
	if from.PerItem != nil {
		m.Items = from.PerItem.Items()
		m.note("the answer is item by item: what is denied is taken out of the request and told in the answer")
	}
	if from.Disclosure != nil {
		d := newMappedAccess(from.Disclosure, at)
		m.Disclosure = &d
		m.note("a 404 of the store becomes a 403 for who has not " + d.Action + " on " + d.Resource)
	}
	switch {
	case from.Undecided:
		m.note("it needs no permission, and no policy is asked")
	case from.Assume != nil:
		m.note("what else must be allowed, and the condition keys, follow from the role and from who asks")
	}
	if from.Answer != nil {
		m.note("it is answered from the bundle, if it is allowed, and the store is not asked")
		if r := from.Answer.Refusal; r != nil && at.snapshot != nil {
			m.note(fmt.Sprintf("the answer is %d %s: %s", r.Status, r.Code, r.Message))
		}
	}
	if from.Response != nil {
		m.note("the answer of the store is rewritten")
	}
}

func newMappedAccess(a *authz.Access, at *mapPlace) mappedAccess {
	if at.snapshot != nil {
		proxy.FillBucket(a, at.snapshot)
	}
	out := mappedAccess{Action: a.Action, Resource: a.Resource, Owner: a.Account, Keys: make(map[string]any, a.Keys.Len())}
	for name, value := range a.Keys.All() {
		if list, ok := value.List(); ok {
			out.Keys[name] = slices.Clone(list)
		} else if text, ok := value.Single(); ok {
			out.Keys[name] = text
		} else {
			out.Keys[name] = nil
		}
	}
	return out
}

// print writes tables for people.
func (r *mappedRequests) print(console *Console, all bool) error {
	var b strings.Builder
	for i := range r.Requests {
		r.Requests[i].print(&b, all)
		b.WriteByte('\n')
	}
	if all {
		for _, from := range slices.Sorted(maps.Keys(r.OtherKeys)) {
			fmt.Fprintf(&b, "besides, from the %s: %s\n", from, strings.Join(r.OtherKeys[from], ", "))
		}
	}
	if r.Placeholder != "" {
		fmt.Fprintf(&b, "the account %s stands for the owner: --owner, --bundle or --config says which it is\n", r.Placeholder)
	}
	b.WriteString("nothing is verified: the signature is not looked at, and no policy is asked\n")
	_, err := fmt.Fprint(console.Out, b.String())
	return err
}

func (m *mappedRequest) print(b *strings.Builder, all bool) {
	fmt.Fprintf(b, "%s: ", printable(m.Request))
	if m.Operation != "" {
		b.WriteString(m.Operation)
		if m.Route != "" {
			fmt.Fprintf(b, " on the route %s", printable(m.Route))
		}
		b.WriteByte('\n')
	}
	if m.Refusal != nil {
		fmt.Fprintf(b, "refused: %d %s: %s\n", m.Refusal.Status, m.Refusal.Code, printable(m.Refusal.Message))
		if m.Refusal.Reason != "" {
			fmt.Fprintf(b, "  reason: %s\n", printable(m.Refusal.Reason))
		}
	}
	if len(m.Accesses) > 0 {
		table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "  ACTION\tRESOURCE\tOWNER\tCONDITION KEY\tVALUE")
		for i := range m.Accesses {
			m.Accesses[i].print(table, all)
		}
		_ = table.Flush() // a strings.Builder takes everything
	}
	for _, note := range m.Notes {
		fmt.Fprintf(b, "  note: %s\n", printable(note))
	}
}

func (a *mappedAccess) print(table *tabwriter.Writer, all bool) {
	first := []string{a.Action, printable(a.Resource), a.Owner}
	row := func(name, value string) {
		_, _ = fmt.Fprintln(table, strings.TrimRight("  "+strings.Join(first, "\t")+"\t"+name+"\t"+value, "\t"))
		first = []string{"", "", ""}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Keys)) {
		if all || !slices.Contains(ownerKeys, name) {
			row(printable(name), keyText(a.Keys[name]))
		}
	}
	if a.ReadsTags != nil {
		row(action.ObjectTags+"…", "read from the store if a policy asks: "+printable(a.ReadsTags.String()))
	}
	if a.CopiesTags != nil {
		row(action.RequestTags+"/…", "those of "+printable(a.CopiesTags.String()))
	}
	if a.IfTagged {
		row("", "demanded if what is copied has tags")
	}
	if first[0] != "" {
		row("", "")
	}
}

// String names the object, and its version if it has one.
func (o *mappedObject) String() string {
	if o.Version != "" {
		return o.Bucket + "/" + o.Key + ", version " + o.Version
	}
	return o.Bucket + "/" + o.Key
}

// keyText is the value of a condition key for people.
func keyText(value any) string {
	switch v := value.(type) {
	case string:
		return printable(v)
	case []string:
		quoted := make([]string, len(v))
		for i := range v {
			quoted[i] = fmt.Sprintf("%q", v[i])
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return "none that counts: two tags differ in case alone"
	}
}
