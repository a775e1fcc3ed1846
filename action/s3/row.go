package s3

import "github.com/sallyport-iam/sallyport/action"

// level is what a request addresses.
type level uint8

const (
	serviceLevel level = iota
	bucketLevel
	objectLevel
	numLevels
)

func (l level) String() string {
	switch l {
	case serviceLevel:
		return "service"
	case bucketLevel:
		return "bucket"
	}
	return "object"
}

// trait is a yes-or-no column of the table.
type trait uint16

const (
	// chunked: aws-chunked payloads are allowed.
	chunked trait = 1 << iota
	// versioned: versionId is accepted without changing the action.
	versioned
	// part: partNumber is accepted.
	part
	// copies: the row is for requests with x-amz-copy-source.
	copies
	// renames: the request moves the object that x-amz-rename-source names.
	renames
	// hides: a 404 of the upstream tells that an object is missing, which
	// only who may list the bucket may know.
	hides
	// lists: prefix, delimiter and max-keys are condition keys.
	lists
	// creates: the request makes an object appear (s3:ObjectCreationOperation).
	creates
	// maybeEmpty: the body that decides may be absent.
	maybeEmpty
	// owns: the bucket's name must be one of the caller's account.
	owns
	// locates: the answer tells the object's address.
	locates
	// twin: a deprecated name of another row of the same wire form, which
	// serves it.
	twin
	// describes: the headers that describe an object, such as its storage
	// class, are taken. Elsewhere stores overlook them, and they are no
	// condition keys.
	describes
	// enforced: the answer follows from what is enforced here, and not from what
	// the store has.
	enforced
)

// row is one operation of the S3 service model. Resources are the addressed
// bucket at bucket level and the addressed object at object level.
type row struct {
	method    string
	level     level
	selector  param
	with      []param // modifiers that must be there
	operation string
	actions   []string // all required
	version   []string // instead of actions, with versionId
	effects   effect   // further actions, by header
	traits    trait
	body      action.BodyUse
	reads     bodyKind // of a body that decides
	limit     int64    // of the body, in decoded bytes
	refused   string   // why the operation is not served; "" if it is
	note      string   // for the reference; "" if there is nothing more to say
}

// Limits of bodies, in bytes.
const (
	maxConfiguration = 2 << 20 // an XML or JSON document of S3
	maxCompletion    = 8 << 20 // 10,000 parts with checksums
	maxAnnotation    = 1 << 20
	maxExpression    = 1 << 20 // a select request
	objectLimit      = -1      // Options.MaxObjectBytes
)

const (
	get  = "GET"
	head = "HEAD"
	put  = "PUT"
	post = "POST"
	del  = "DELETE"

	streams = action.BodyStreams
	decides = action.BodyDecides
)

// Reasons for which an operation of the model is not served.
const (
	needsS3Tables      = "it also acts on Amazon S3 Tables, which cannot be decided here"
	ofDirectoryBuckets = "directory buckets are not served"
	ofObjectLambda     = "S3 Object Lambda is not served"
)

func acts(names ...string) []string { return names }

// ofBundle is a row that is answered from what is enforced.
func ofBundle(r row, note string) row {
	r.traits |= enforced
	r.note = note
	return r
}

// rowGet, rowPut and rowDelete are bucket sub-resources of the usual form.
func rowGet(sel param, operation, act string) row {
	return row{method: get, level: bucketLevel, selector: sel, operation: operation, actions: acts(act)}
}

func rowPut(sel param, operation, act string) row {
	return row{method: put, level: bucketLevel, selector: sel, operation: operation, actions: acts(act), body: streams, limit: maxConfiguration}
}

func rowDelete(sel param, operation, act string) row {
	return row{method: del, level: bucketLevel, selector: sel, operation: operation, actions: acts(act)}
}

// withID is the row for a configuration that the parameter id names.
func withID(r row) row {
	r.with = []param{pID}
	return r
}

// deprecated is the row of an older name.
func deprecated(r row) row {
	r.traits |= twin
	return r
}

// notServed is a row of the model that is known and refused.
func notServed(r row, why string) row {
	r.refused = why
	return r
}

// noted is a row with a note.
func noted(r row, note string) row {
	r.note = note
	return r
}

// deciding is a row whose body is read before it is decided.
func deciding(r row, kind bodyKind) row {
	r.body, r.reads, r.limit = decides, kind, maxConfiguration
	return r
}
