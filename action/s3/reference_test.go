package s3_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
)

var update = flag.Bool("update", false, "write the files that are made from code")

// TestReferenceIsCurrent makes docs/s3-actions.md from the table.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	want := reference()
	const file = "../../docs/s3-actions.md"
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/s3-actions.md is stale: run make generate")
	}
}

const referenceHead = `<!-- Made by "make generate" from the package action/s3. Do not edit. -->

# Amazon S3: operations, actions and condition keys

What a request of Amazon S3's protocol must be allowed, and on which condition keys a
policy can make it depend. All the actions of an operation are demanded, and those that
[headers add](#what-headers-add); one denial denies the request, but for DeleteObjects,
which is answered entry by entry.

An upstream is passed the operations it [is said to have](operations.md#operations-that-a-store-has);
those of the group ` + "`core`" + ` are in bold here. What is not in the tables is refused: other
methods (405 ` + "`MethodNotAllowed`" + `), sub-resources, parameters and ` + "`x-amz-…`" + ` headers (501
` + "`NotImplemented`" + `). So is what can be read in two ways (400 ` + "`InvalidArgument`" + `): two
sub-resources, one of a bucket on an object or the other way round, a parameter or header
given twice or differing between query and header, a percent-encoded parameter name. A
sub-resource is one with and without a value. A header is one in the query too, where
presigners put it.

Every action also has the keys %s, and the global keys of the caller, the connection and
the clock. Nothing in a request names a key, and a header that a store overlooks in an
operation fills none there. The tags of a bucket (` + "`s3:BucketTag/…`, `aws:ResourceTag/…`" + `) are for the
bundle to tell; those of stored objects (` + "`s3:ExistingObjectTag/…`" + `) are read
from the store when a decision depends on them.
`

const referenceForms = `
## Uploads by forms

A form (` + "`PostObject`, `POST` to a bucket with `multipart/form-data`" + `) is decided, and goes on,
as the ` + "`PutObject`" + ` of the same key, whose headers these fields become. Their values must be
printable ASCII without white space around them; ` + "`tagging`" + ` is the XML of ` + "`PutObjectTagging`" + `.
Grants and preconditions are no fields of a form, so their condition keys are absent.
What forms there are is in [sigv4.md](sigv4.md#uploads-by-forms).

| field | header |
|---|---|
`

const referenceTail = `
## Owners, access points, ACLs

* The account that owns a bucket is the bundle's to say. ` + "`x-amz-expected-bucket-owner`" + ` and
  ` + "`x-amz-source-expected-bucket-owner`" + ` are compared with it (403 ` + "`AccessDenied`" + `), and not passed
  on. Only names that a rule gives to the caller's account can be created.
* ACLs that let others in than the owners are refused, in headers, grants and bodies
  (400 ` + "`AccessControlListNotSupported`" + `), unless the upstream has ` + "`acls: forwarded`" + `.
* ARNs and percent-escapes in the place of a bucket are refused (400 ` + "`InvalidBucketName`" + `); access
  points, their aliases and hosts, directory buckets, Object Lambda and Outposts are not
  served (501 ` + "`NotImplemented`" + `).
* Metadata that asks a store to extract an archive is refused (501 ` + "`NotImplemented`" + `): the keys of its
  entries could not be decided.

## Uploads in parts

What an object will be (ACL, tags, lock, encryption, storage class) is decided when its
upload begins. Parts and completion have none of these keys, whatever headers they carry.
A Deny of ` + "`s3:PutObject`" + ` on a key that is absent or not a certain value
(` + "`\"Null\": {\"s3:x-amz-server-side-encryption\": \"true\"}`" + `, ` + "`StringNotEquals`" + `) therefore denies
uploads in parts whole.
`

func reference() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, referenceHead, codes([]string{
		"aws:ResourceAccount", "s3:ResourceAccount", "s3:authType", "s3:signatureAge", "s3:signatureversion"})+
		",\n"+codes([]string{"s3:TlsVersion", "s3:x-amz-content-sha256"}))
	for _, section := range []struct{ level, title, resource string }{
		{"service", "Operations on no bucket", "The resource is `arn:aws:s3:::*`."},
		{"bucket", "Operations on buckets", "The resource is `arn:aws:s3:::BUCKET`, and of DeleteObjects and PostObject `arn:aws:s3:::BUCKET/KEY`."},
		{"object", "Operations on objects", "The resource is `arn:aws:s3:::BUCKET/KEY`."},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", section.title, section.resource)
		b.WriteString("| operation | request | actions | with `versionId` instead | condition keys | body | notes |\n|---|---|---|---|---|---|---|\n")
		for _, o := range s3.Operations() {
			if o.Level == section.level {
				writeOperation(&b, &o)
			}
		}
	}
	b.WriteString("\n## What headers add\n\nOn the same resource. With any other operation the header is\nrefused (400 `InvalidArgument`; `if-match` 501 `NotImplemented`, but with reads).\n\n")
	b.WriteString("| header | with | further actions |\n|---|---|---|\n")
	for _, e := range s3.Effects() {
		actions := codes(e.Actions)
		if e.Version != nil {
			actions += " (" + codes(e.Version) + " with `versionId`)"
		}
		if e.When != "" {
			actions += ", " + e.When
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", codes(e.Headers), strings.Join(e.Operations, ", "), actions)
	}
	b.WriteString("\n## Condition keys\n\n| key | actions |\n|---|---|\n")
	for _, name := range allKeys() {
		var actions []string
		for _, a := range s3.Actions() {
			if s3.Fills(a, example(name)) {
				actions = append(actions, a)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", shown(name), codes(actions))
	}
	b.WriteString(referenceForms)
	for _, f := range s3.FormFields() {
		if f.Name == f.Header {
			fmt.Fprintf(&b, "| `%s` | the same |\n", f.Name)
		} else {
			fmt.Fprintf(&b, "| `%s` | `%s` |\n", f.Name, f.Header)
		}
	}
	b.WriteString("| `x-amz-meta-…` | the same |\n" + referenceTail)
	return b.Bytes()
}

func writeOperation(b *bytes.Buffer, o *s3.OperationInfo) {
	request := o.Method + " " + map[string]string{"service": "/", "bucket": "/BUCKET", "object": "/BUCKET/KEY"}[o.Level]
	var query []string
	if o.Selector != "" {
		query = append(query, o.Selector)
	}
	query = append(query, o.With...)
	for i, name := range query {
		if name == "list-type" || name == "select-type" {
			query[i] += "=2"
		}
	}
	if len(query) > 0 {
		request += "?" + strings.Join(query, "&")
	}
	request = "`" + request + "`"
	name, actions, body := o.Name, codes(o.Actions), "none"
	if o.Core {
		name = "**" + name + "**"
	}
	if o.Copies {
		request += " and `x-amz-copy-source`"
		actions += "; of the source `s3:GetObject`, or `s3:GetObjectVersion` of a version"
	}
	if o.Renames {
		request += " and `x-amz-rename-source`"
		actions += "; of the source `s3:GetObject` and `s3:DeleteObject`"
	}
	switch {
	case o.Form:
		body = "a form: its fields are read first, 20 KiB, its file streams, up to `limits.object_bytes`"
	case o.BodyLimit < 0:
		body = "streams, up to `limits.object_bytes`"
	case o.Decides:
		body = fmt.Sprintf("is read first, %d MiB", o.BodyLimit>>20)
	case o.BodyLimit > 0:
		body = fmt.Sprintf("streams, %d MiB", o.BodyLimit>>20)
	}
	notes := []string{}
	if o.Refused != "" {
		notes = append(notes, "Refused, 501 `NotImplemented`: "+o.Refused+".")
		actions, body = "", ""
	}
	if o.OlderName {
		notes = append(notes, "An older name of the same request.")
	}
	if o.Note != "" {
		notes = append(notes, o.Note)
	}
	if o.Hides && o.Refused == "" {
		notes = append(notes, "That the object is missing is told with `s3:ListBucket` alone.")
	}
	var keys []string
	if o.Refused == "" {
		for _, k := range o.Keys {
			keys = append(keys, shown(k))
		}
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", name, request, actions, codes(o.Version), codes(keys), body, strings.Join(notes, " "))
}

// allKeys are the keys that any served operation fills, and those of what is
// added to operations.
func allKeys() []string {
	keys := []string{"iam:passedtoservice"}
	for _, o := range s3.Operations() {
		if o.Refused == "" {
			keys = append(keys, o.Keys...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// example is a key of a family, or the key itself.
func example(name string) string {
	if strings.HasSuffix(name, "/") {
		return name + "team"
	}
	return name
}

// spelling are AWS's spellings of keys that are not in lower case.
var spelling = map[string]string{
	"aws:requesttag/": "aws:RequestTag/…", "aws:tagkeys": "aws:TagKeys", "iam:passedtoservice": "iam:PassedToService",
	"s3:inventoryaccessibleoptionalfields": "s3:InventoryAccessibleOptionalFields", "s3:objectcreationoperation": "s3:ObjectCreationOperation",
	"s3:requestobjecttag/": "s3:RequestObjectTag/…", "s3:requestobjecttagkeys": "s3:RequestObjectTagKeys",
}

func shown(name string) string {
	if s, ok := spelling[name]; ok {
		return s
	}
	return name
}

func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	return strings.Join(quoted, ", ")
}
