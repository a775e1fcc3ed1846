package s3

import "github.com/sallyport-iam/sallyport/wire"

// bodyKind is the document that a deciding body holds.
type bodyKind uint8

const (
	bodyOpaque bodyKind = iota
	bodyACL
	bodyAnnotationTable
	bodyCreateBucket
	bodyDelete
	bodyEncryption
	bodyInventory
	bodyLegalHold
	bodyReplication
	bodyRestore
	bodyRetention
	bodyTagging
)

// content is what is decided about a request beyond its names: from its body
// or, for the same things, from its headers.
type content struct {
	tags      []tag // of an object
	lock      lock
	legalHold string // "", ON, OFF

	locationConstraint string
	bucketTags         []tag
	optionalFields     []string
	encryption         string // s3:x-amz-server-side-encryption of an encryption document
	encryptionKey      string
	entries            []entry // of a DeleteObjects document
	quiet              bool
	role               string // that the document hands to the service
	roleAccount        string
}

// readers read the documents by kind.
var readers = [...]func(d *document, c *content) *wire.Refusal{
	bodyACL:             readACL,
	bodyAnnotationTable: readAnnotationTable,
	bodyCreateBucket:    readCreateBucket,
	bodyDelete:          readDelete,
	bodyEncryption:      readEncryption,
	bodyInventory:       readInventory,
	bodyLegalHold:       readLegalHold,
	bodyReplication:     readReplication,
	bodyRestore:         readRestore,
	bodyRetention:       readRetention,
	bodyTagging:         readTagging,
}

// readBody reads a body that decides.
func readBody(kind bodyKind, body []byte, maybeEmpty bool, c *content) *wire.Refusal {
	if len(body) == 0 {
		if maybeEmpty {
			return nil
		}
		return refusal(400, "MissingRequestBodyError", "Request Body is empty")
	}
	d := &document{src: string(body), open: make([]string, 0, maxDepth)}
	if r := readers[kind](d, c); r != nil {
		return r
	}
	if err := d.end(); err != nil {
		return malformedXML(err.Error())
	}
	return nil
}

// AccessControlPolicy{Owner, AccessControlList{Grant{Grantee, Permission}…}}
func readACL(d *document, _ *content) *wire.Refusal {
	d.rootNamed("AccessControlPolicy")
	var owner, list bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Owner":
			d.once(&owner, name)
			readLeaves(d, "ID", "DisplayName")
		case "AccessControlList":
			d.once(&list, name)
			for name, ok := d.child(); ok; name, ok = d.child() {
				if name != "Grant" {
					d.unknown(name)
					break
				}
				readGrant(d)
			}
		default:
			d.unknown(name)
		}
	}
	return nil
}

func readGrant(d *document) {
	var grantee, permission bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Grantee":
			d.once(&grantee, name)
			readLeaves(d, "ID", "DisplayName", "EmailAddress", "URI", "Type")
		case "Permission":
			d.once(&permission, name)
			d.text()
		default:
			d.unknown(name)
		}
	}
}

// readLeaves reads elements that hold text, each at most once.
func readLeaves(d *document, names ...string) {
	seen := make([]bool, len(names))
	for name, ok := d.child(); ok; name, ok = d.child() {
		known := false
		for i, n := range names {
			if n == name {
				d.once(&seen[i], name)
				known = true
			}
		}
		if !known {
			d.unknown(name)
		}
		d.text()
	}
}

// CreateBucketConfiguration{LocationConstraint, Tags{Tag…}}
func readCreateBucket(d *document, c *content) *wire.Refusal {
	d.rootNamed("CreateBucketConfiguration")
	var constraint, tags bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "LocationConstraint":
			d.once(&constraint, name)
			c.locationConstraint = d.text()
		case "Tags":
			d.once(&tags, name)
			c.bucketTags = readTags(d)
		case "Location", "Bucket":
			return notImplemented("Directory buckets are not served.", "Element", name)
		default:
			d.unknown(name)
		}
	}
	if d.err == nil {
		return checkTags(c.bucketTags, maxBucketTags)
	}
	return nil // what d found wrong comes first
}

// InventoryConfiguration{…, OptionalFields{Field…}, …}
func readInventory(d *document, c *content) *wire.Refusal {
	d.rootNamed("InventoryConfiguration")
	var fields bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "OptionalFields" {
			d.skip()
			continue
		}
		d.once(&fields, name)
		for name, ok := d.child(); ok; name, ok = d.child() {
			if name != "Field" {
				d.unknown(name)
				break
			}
			c.optionalFields = append(c.optionalFields, d.text())
		}
	}
	return nil
}

// RestoreRequest{Days, GlacierJobParameters, Tier, Description}: of the type
// SELECT it writes objects, which is not decided here.
func readRestore(d *document, _ *content) *wire.Refusal {
	d.rootNamed("RestoreRequest")
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Days", "Description", "GlacierJobParameters", "Tier":
			d.skip()
		case "Type", "SelectParameters", "OutputLocation":
			return notImplemented("Restore requests that select from the object and write the result are not served.", "Element", name)
		default:
			d.unknown(name)
		}
	}
	return nil
}

// ObjectEncryption{SSE-KMS{KMSKeyArn, BucketKeyEnabled}}
func readEncryption(d *document, c *content) *wire.Refusal {
	d.rootNamed("ObjectEncryption")
	var kms, key, bucketKey bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "SSE-KMS" {
			d.unknown(name)
			break
		}
		d.once(&kms, name)
		c.encryption = "aws:kms"
		for name, ok := d.child(); ok; name, ok = d.child() {
			switch name {
			case "KMSKeyArn":
				d.once(&key, name)
				c.encryptionKey = d.text()
			case "BucketKeyEnabled":
				d.once(&bucketKey, name)
				d.text()
			default:
				d.unknown(name)
			}
		}
	}
	if d.err == nil && !key {
		d.fail("no KMSKeyArn")
	}
	return nil
}
