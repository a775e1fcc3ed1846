package s3

import (
	"sort"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/wire"
)

// Recognise tells the operation from the request line and the header.
func (m *Mapper) Recognise(req *wire.Request, place action.Place) (action.Operation, *wire.Refusal) {
	var none action.Operation
	method := methodIndex(req.Method)
	if method < 0 {
		return none, refuseMethod(req)
	}
	lvl, name, key, refusal := m.address(req.Path, place.Bucket)
	if refusal != nil {
		return none, refusal
	}
	r := newRequest()
	r.bucket, r.key = name, key
	if refusal := m.recognise(r, req, lvl, method); refusal != nil {
		r.Release()
		return none, refusal
	}
	op := action.Operation{
		Name: r.row.operation, Bucket: name, Key: key,
		Body: r.row.body, BodyLimit: r.row.limit, Chunked: r.row.traits&chunked != 0,
		Mapper: r,
	}
	if op.Body == action.BodyForm {
		op.FromForm = PutOfForm
	}
	if op.BodyLimit == objectLimit {
		op.BodyLimit = m.maxObject
	}
	return op, nil
}

// recognise reads query and fields and finds the row.
func (m *Mapper) recognise(r *request, req *wire.Request, lvl level, method int) (refusal *wire.Refusal) {
	if refusal := m.readQuery(r, req.Query); refusal != nil {
		return refusal
	}
	if refusal := m.readFields(r, req.Fields); refusal != nil {
		return refusal
	}
	if refusal := m.dispatch(r, lvl, method, req.Method); refusal != nil {
		return refusal
	}
	if m.strictKeys && lvl == objectLevel && r.numSelectors > 0 && strings.HasSuffix(r.key, "/") {
		// A file system finds the attributes of plan under plan/ as well.
		return inexact(r.key, "a final slash, before a sub-resource")
	}
	if m.strictKeys && lvl == bucketLevel {
		if refusal := m.checkPrivate("prefix", r.param(pPrefix)); refusal != nil {
			return refusal
		}
	}
	if r.active {
		if refusal := m.checkHeaders(r); refusal != nil {
			return refusal
		}
	}
	if r.row.traits&(copies|renames) != 0 {
		r.source, refusal = m.sourceOf(r)
	}
	return refusal
}

// refuseMethod answers methods that no operation has. Preflights are answered
// as by a bucket without CORS configuration.
func refuseMethod(req *wire.Request) *wire.Refusal {
	if req.Method != "OPTIONS" {
		return methodNotAllowed(req.Method, "SERVICE", "GET, HEAD, PUT, POST, DELETE")
	}
	if _, ok := req.Fields.Lookup("origin"); !ok {
		return refusal(400, "BadRequest", "Insufficient information. Origin request header needed.")
	}
	return refusal(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
}

// dispatch finds the row. Two sub-resources, one of the other level, one that
// the method does not have, or a modifier that the row does not name, are
// refused: stores differ in what they make of them. So is an operation that the
// store is not said to have.
func (m *Mapper) dispatch(r *request, lvl level, method int, name string) *wire.Refusal {
	sel := noParam
	switch r.numSelectors {
	case 0:
	case 1:
		sel = r.selectors[0]
		if refusal := r.checkLevel(sel, lvl); refusal != nil {
			return refusal
		}
	default:
		return r.conflict()
	}
	candidates := rowIndex[lvl][sel][method]
	if len(candidates) == 0 {
		resource := params[sel].name
		if sel == noParam {
			resource = lvl.String()
		}
		return methodNotAllowed(name, strings.ToUpper(resource), allowed[lvl][sel])
	}
	for _, c := range candidates {
		if r.fits(c) {
			r.row = c
			break
		}
	}
	if r.row == nil {
		return r.misfit(candidates[len(candidates)-1])
	}
	if r.row.refused != "" {
		return notImplemented(r.row.operation+" is not served: "+r.row.refused+".", "Operation", r.row.operation)
	}
	if !m.served[r.row.number] {
		return notImplemented(r.row.operation+" is not served: the store behind this endpoint is not said to have it, and might take it for another operation.", "Operation", r.row.operation)
	}
	return r.checkModifiers()
}

func (r *request) fits(c *compiledRow) bool {
	if c.traits&copies != 0 && !r.hasHeader(hCopySource) || c.traits&renames != 0 && !r.hasHeader(hRenameSource) {
		return false
	}
	for _, p := range c.with {
		if !r.hasParam(p) {
			return false
		}
	}
	return true
}

// misfit says which modifier is missing.
func (r *request) misfit(c *compiledRow) *wire.Refusal {
	for _, p := range c.with {
		if !r.hasParam(p) {
			return invalidArgument("This operation needs the query parameter "+params[p].name+".", params[p].name, "")
		}
	}
	if c.traits&renames != 0 {
		return invalidArgument("This operation needs a rename source.", headers[hRenameSource], "")
	}
	return invalidArgument("This operation needs a copy source.", headers[hCopySource], "")
}

// conflict is S3's answer to several sub-resources.
func (r *request) conflict() *wire.Refusal {
	n := min(r.numSelectors, len(r.selectors))
	names := make([]string, 0, n)
	for _, p := range r.selectors[:n] {
		names = append(names, params[p].name)
	}
	sort.Strings(names)
	return invalidArgument("Conflicting query string parameters: "+strings.Join(names, ", "), "ResourceType", names[0])
}

func (r *request) checkLevel(sel param, lvl level) *wire.Refusal {
	name := params[sel].name
	use := params[sel].use
	switch {
	case use&(onService<<lvl) == 0 && lvl == serviceLevel:
		return invalidArgument("The query parameter "+name+" needs a bucket.", "ResourceType", name)
	case use&(onService<<lvl) == 0 && lvl == bucketLevel:
		return invalidArgument("The query parameter "+name+" is not one of a bucket.", "ResourceType", name)
	case use&(onService<<lvl) == 0:
		return invalidArgument("The query parameter "+name+" is not one of an object.", "ResourceType", name)
	case sel == pListType && r.param(sel) != "2":
		return invalidArgument("The value of list-type must be 2.", name, r.param(sel))
	case sel == pWebsite && r.param(sel) != "":
		return invalidArgument("The query parameter website takes no value.", name, r.param(sel))
	case use&needsValue != 0 && r.param(sel) == "":
		return invalidArgument("The value of "+name+" must not be empty.", name, "")
	}
	return nil
}

func (r *request) checkModifiers() *wire.Refusal {
	for _, p := range modifiers {
		if !r.hasParam(p) {
			continue
		}
		name, value := params[p].name, r.param(p)
		switch {
		case !r.accepts(p):
			return notAccepted(p, value)
		case value == "":
			if p == pVersionID {
				return invalidArgument("Version id cannot be the empty string", name, "")
			}
			return invalidArgument("The value of "+name+" must not be empty.", name, "")
		case p == pPartNumber && !isPartNumber(value):
			return invalidArgument("Part number must be an integer between 1 and 10000, inclusive", name, value)
		case p == pSelectType && value != "2":
			return invalidArgument("The value of select-type must be 2.", name, value)
		}
	}
	for _, p := range identifiers {
		// What needs a value was found to have one.
		if v := r.param(p); v != "" && !validIdentifier(v) {
			return notIdentifier(params[p].name, v)
		}
	}
	for _, p := range numbers {
		if r.hasParam(p) && !isCount(r.param(p)) {
			return invalidArgument("Provided "+params[p].name+" not an integer or within integer range", params[p].name, r.param(p))
		}
	}
	return nil
}

// accepts tells whether the row takes a modifier.
func (r *request) accepts(p param) bool {
	for _, with := range r.row.with {
		if with == p {
			return true
		}
	}
	switch p {
	case pVersionID:
		// The versions of DeleteObjects are in its body.
		return r.row.level == objectLevel && (r.row.version != nil || r.row.traits&versioned != 0)
	case pPartNumber:
		return r.row.traits&part != 0
	}
	return false
}

func notAccepted(p param, value string) *wire.Refusal {
	if p == pVersionID {
		return invalidArgument("This operation does not accept a version-id.", params[p].name, value)
	}
	return invalidArgument("This operation does not accept the query parameter "+params[p].name+".", params[p].name, value)
}

// isPartNumber tells whether a part number is one, in the one way to write it.
func isPartNumber(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n >= 1 && n <= 10000 && s[0] != '0'
}

func isCount(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}

// checkHeaders refuses headers that ask for what the row does not decide, and
// values that have more than one reading.
func (m *Mapper) checkHeaders(r *request) *wire.Refusal {
	if r.hasHeader(hCopySource) && r.row.traits&copies == 0 {
		return invalidArgument("This operation does not accept a copy source.", headers[hCopySource], r.header(hCopySource))
	}
	for _, h := range effectHeaders {
		if r.headers[h] == 0 || r.row.effects&headerEffects[h] != 0 {
			continue
		}
		if h != hIfMatch {
			return invalidArgument("This operation does not accept the header "+headers[h]+".", headers[h], r.header(h))
		}
		if r.row.method != get && r.row.method != head {
			return notImplemented("A header you provided implies functionality that is not implemented", "Header", "If-Match")
		}
	}
	if r.hasAny(aclHeaders) && r.opensToOthers() && !m.forwardACLs {
		return refuseACL()
	}
	if v := r.header(hIfNoneMatch); r.hasHeader(hIfNoneMatch) && v != "*" && r.row.method != get && r.row.method != head {
		return notImplemented("A header you provided implies functionality that is not implemented", "Header", "If-None-Match")
	}
	for h := hCreateSessionMode; h <= hWriteOffset; h++ {
		if r.hasHeader(h) && (h != hRenameSource || r.row.traits&renames == 0) {
			return notImplemented("The header "+headers[h]+" is one of directory buckets, which are not served.", "Header", headers[h])
		}
	}
	for _, h := range [...]header{hBypassGovernance, hBucketObjectLockEnabled} {
		if v := r.header(h); r.hasHeader(h) && !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
			return invalidArgument("The value of "+headers[h]+" must be true or false.", headers[h], v)
		}
	}
	for _, d := range directives {
		if v := r.header(d.header); r.hasHeader(d.header) && v != "COPY" && v != d.other {
			return invalidArgument("The value of "+headers[d.header]+" must be COPY or "+d.other+".", headers[d.header], v)
		}
	}
	for _, h := range [...]header{hExpectedBucketOwner, hSourceExpectedBucketOwner} {
		if r.hasHeader(h) && !isAccount(r.header(h)) {
			return refusal(400, "InvalidBucketOwnerAWSAccountID", "The value of the expected bucket owner parameter must be an AWS account ID.")
		}
	}
	if r.hasHeader(hTagging) && r.row.traits&copies != 0 && r.header(hTaggingDirective) != "REPLACE" {
		return invalidArgument("x-amz-tagging needs the tagging directive REPLACE: stores differ in which tags the copy gets without it.", headers[hTagging], r.header(hTagging))
	}
	if r.hasHeader(hTrailer) {
		for name := range strings.SplitSeq(r.header(hTrailer), ",") {
			if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), "x-amz-checksum-") {
				return invalidArgument("The only trailing headers accepted are checksums.", headers[hTrailer], r.header(hTrailer))
			}
		}
	}
	return nil
}

// directives say what a copy takes along from its source: COPY, or the other.
var directives = [...]struct {
	header header
	other  string
}{
	{hTaggingDirective, "REPLACE"},
	{hMetadataDirective, "REPLACE"},
	{hAnnotationDirective, "EXCLUDE"},
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
