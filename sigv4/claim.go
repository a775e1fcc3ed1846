package sigv4

import (
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// claim is what a request says of its own authentication: parsed and checked
// as far as that is possible without a key.
type claim struct {
	scheme    Scheme
	algorithm algorithm

	credential                         string // access key id and scope, as sent
	accessKeyID, date, region, service string // region: see readRegionSet for SigV4A
	scope                              string // as sent
	signedHeaders, signature, token    string
	regionSet                          string // parameter of SigV4A

	timestamp string // as it is in the string to sign
	dateField string // the field that the time was taken from; "" for a query
	signedAt  time.Time
	expires   time.Duration

	payload string
	mode    payloadMode

	policy string // of a form, as sent
}

const (
	maxExpires = 7 * 24 * time.Hour
	// defaultSkew is the difference between the clocks that AWS tolerates.
	defaultSkew = 15 * time.Minute
)

// readHeader reads the claim of a header-signed request, in the order in which
// Amazon S3 reports faults.
func (c *claim) readHeader(req *wire.Request, p *Params, skew time.Duration) *wire.Refusal {
	c.scheme = Header
	word, components, _ := strings.Cut(req.Fields.Get("authorization"), " ")
	c.algorithm = hmacSHA256
	if strings.EqualFold(word, string(ecdsaP256)) {
		c.algorithm = ecdsaP256
	}
	if r := c.readPayload(req, p, ""); r != nil {
		return r
	}
	if r := c.readDate(req); r != nil {
		return r
	}
	if d := p.Now.Sub(c.signedAt); d > skew || d < -skew {
		return errSkew(c.timestamp, p.Now, skew)
	}
	if !c.readComponents(components) {
		return errThreeComponents()
	}
	c.token = req.Fields.Get("x-amz-security-token")
	return c.readCredential(p)
}

// readComponents reads the three components, each once, in any order.
func (c *claim) readComponents(list string) bool {
	var credential, signedHeaders, signature bool
	for more := true; more; {
		var component string
		component, list, more = strings.Cut(list, ",")
		name, value, _ := strings.Cut(strings.Trim(component, " "), "=")
		switch {
		case name == "Credential" && !credential:
			c.credential, credential = value, true
		case name == "SignedHeaders" && !signedHeaders:
			c.signedHeaders, signedHeaders = value, true
		case name == "Signature" && !signature:
			c.signature, signature = value, true
		default:
			return false
		}
	}
	return c.credential != "" && c.signedHeaders != "" && c.signature != ""
}

// readDate takes the time from x-amz-date; only if there is none from date.
func (c *claim) readDate(req *wire.Request) *wire.Refusal {
	var ok bool
	if value, sent := req.Fields.Lookup("x-amz-date"); sent {
		c.dateField, c.timestamp = "x-amz-date", value
		if c.signedAt, ok = parseTimestamp(value); !ok {
			return errMissingDate()
		}
		return nil
	}
	value, sent := req.Fields.Lookup("date")
	if !sent {
		return errMissingDate()
	}
	c.dateField, c.timestamp = "date", value
	if c.signedAt, ok = parseTimestamp(value); ok {
		return nil
	}
	for _, layout := range [...]string{time.RFC1123, time.RFC1123Z} {
		if t, err := time.Parse(layout, value); err == nil && isUTC(t) {
			c.signedAt = t.UTC()
			c.timestamp = c.signedAt.Format(timestampFormat)
			return nil
		}
	}
	return errMissingDate()
}

// isUTC refuses zone names, which time.Parse reads as UTC if it does not know
// them.
func isUTC(t time.Time) bool {
	name, offset := t.Zone()
	return offset == 0 && (name == "GMT" || name == "UTC" || name == "")
}

// readQuery reads the claim of a presigned request, in the order in which
// Amazon S3 reports faults.
func (c *claim) readQuery(req *wire.Request, q *queryCredentials, p *Params, skew time.Duration) *wire.Refusal {
	c.scheme = Query
	c.algorithm, c.regionSet = algorithm(q.algorithm), q.regionSet
	if c.algorithm != hmacSHA256 && c.algorithm != ecdsaP256 {
		return errQueryAlgorithm()
	}
	required := hasAllSix
	if !isS3(p.Service) {
		required &^= hasExpires
	}
	if q.present&required != required {
		return errIncompleteQuery()
	}
	var ok bool
	c.timestamp = q.date
	if c.signedAt, ok = parseTimestamp(q.date); !ok {
		return errQueryDate()
	}
	if r := c.readLife(q, p, skew); r != nil {
		return r
	}
	if q.present&hasSessionToken != 0 {
		return errExpressSession()
	}
	token, inFields := req.Fields.Lookup("x-amz-security-token")
	if inFields && q.present&hasToken != 0 {
		return errTwoMechanisms()
	}
	// A token in a field must be signed as any other x-amz-* field.
	c.token = q.token
	if inFields {
		c.token = token
	}
	c.credential, c.signedHeaders, c.signature = q.credential, q.signedHeaders, q.signature
	if r := c.readCredential(p); r != nil {
		return r
	}
	fallback := ""
	if isS3(p.Service) {
		fallback = unsignedPayload
	}
	if q.present&hasContentSHA256 != 0 {
		fallback = q.contentSHA256
		if value, sent := req.Fields.Lookup("x-amz-content-sha256"); sent && value != fallback {
			return errContentSHA256NotAllowed()
		}
	}
	return c.readPayload(req, p, fallback)
}

// readLife reads how long a presigned request is good. Amazon S3 has the client say
// so. Other services take one for as long as a signed header, whatever it says of its
// own life: SDKs leave that out, and what checks an identity by a presigned
// GetCallerIdentity uses it for minutes after the 60 seconds that it says.
func (c *claim) readLife(q *queryCredentials, p *Params, skew time.Duration) *wire.Refusal {
	s3 := isS3(p.Service)
	if s3 || q.present&hasExpires != 0 {
		if r := c.readExpires(q.expires); r != nil {
			return r
		}
	}
	ahead := c.signedAt.Sub(p.Now)
	switch {
	case !s3:
		c.expires = skew
		if ahead > skew || -ahead > skew {
			return errSkew(c.timestamp, p.Now, skew)
		}
	case ahead > skew:
		return errNotYetValid(c, p.Now)
	case p.Now.After(c.signedAt.Add(c.expires)):
		return errExpired(c, p.Now)
	}
	return nil
}

func (c *claim) readExpires(value string) *wire.Refusal {
	digits := strings.TrimPrefix(value, "-")
	if digits == "" {
		return errExpiresNumber()
	}
	seconds := int64(0)
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return errExpiresNumber()
		}
		// Larger values are all too long.
		seconds = min(seconds*10+int64(digits[i]-'0'), 1<<40)
	}
	switch {
	case digits != value:
		return errExpiresNegative()
	case seconds > int64(maxExpires/time.Second):
		return errExpiresTooLong()
	}
	c.expires = time.Duration(seconds) * time.Second
	return nil
}

// readCredential splits the credential from the right, since access key ids of
// other makers may hold slashes, and compares its scope with the endpoint. The
// scope of SigV4A has no region.
func (c *claim) readCredential(p *Params) *wire.Refusal {
	regional := c.algorithm == hmacSHA256
	parts := 3
	if regional {
		parts = 4
	}
	var slash [4]int
	end := len(c.credential)
	for i := parts - 1; i >= 0; i-- {
		end = strings.LastIndexByte(c.credential[:end], '/')
		if end < 0 {
			return errCredentialShape(c.scheme, regional)
		}
		slash[i] = end
	}
	if slash[0] == 0 {
		return errCredentialShape(c.scheme, regional)
	}
	c.accessKeyID = c.credential[:slash[0]]
	c.scope = c.credential[slash[0]+1:]
	c.date = c.credential[slash[0]+1 : slash[1]]
	if regional {
		c.region = c.credential[slash[1]+1 : slash[2]]
	}
	c.service = c.credential[slash[parts-2]+1 : slash[parts-1]]
	terminator := c.credential[slash[parts-1]+1:]
	switch {
	case !isDate(c.date):
		return errCredentialDate(c.scheme, c.date)
	case regional && !p.accepts(c.region):
		return errRegion(c.scheme, c.region, p.region())
	case c.service != p.Service:
		return errService(c.scheme, c.service, p.Service)
	case terminator != scopeTerminator:
		return errTerminator(c.scheme, terminator)
	case c.date != c.timestamp[:8]:
		return errScopeDate(c.scheme)
	}
	return nil
}

// readPayload establishes the last line of the canonical request: the field,
// or fallback if it did not come, or for services other than Amazon S3 the
// hash of the body.
func (c *claim) readPayload(req *wire.Request, p *Params, fallback string) *wire.Refusal {
	value, sent := req.Fields.Lookup("x-amz-content-sha256")
	switch {
	case sent:
	case fallback != "":
		value = fallback
	case isS3(p.Service):
		return errMissingContentSHA256()
	case p.Payload.BodyHash != "":
		value = p.Payload.BodyHash
	case req.BodySize == 0:
		value = emptyPayloadHash
	default:
		return wire.Unavailable("the signature of the request covers its body, which was not read")
	}
	c.payload, c.mode = value, payloadModeOf(value)
	switch {
	case c.mode == payloadInvalid:
		return errContentSHA256(value)
	case c.scheme == Header && c.mode.streaming() && (!p.Payload.Chunked || !chunksAgree(value, c.algorithm)):
		return errContentSHA256NotAllowed()
	case isS3(p.Service):
		return nil
	case c.mode != payloadHashed:
		// Other services read what they do from the body.
		return errContentSHA256NotAllowed()
	case p.Payload.BodyHash != "" && !strings.EqualFold(value, p.Payload.BodyHash):
		return errPayloadHash(value, p.Payload.BodyHash)
	}
	return nil
}

// parseTimestamp reads yyyyMMddTHHmmssZ and nothing else.
func parseTimestamp(s string) (time.Time, bool) {
	if len(s) != len(timestampFormat) || s[8] != 'T' || s[15] != 'Z' || !isDate(s[:8]) || !areDigits(s[9:15]) {
		return time.Time{}, false
	}
	year, month, day := number(s[:4]), number(s[4:6]), number(s[6:8])
	hour, minute, second := number(s[9:11]), number(s[11:13]), number(s[13:15])
	if hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	// time.Date carries the 31st of a shorter month over.
	return t, month >= 1 && month <= 12 && day >= 1 && t.Day() == day
}

func isDate(s string) bool { return len(s) == 8 && areDigits(s) }

func areDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}
