package sigv4

import (
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// maxRegionSet bounds a region set in bytes: some hundred regions.
const maxRegionSet = 2048

// readRegionSet finds the region of the endpoint that a SigV4A request was
// signed for. The set is the field x-amz-region-set, or in a presigned request
// the parameter; both are signed. Others have no use for one.
func (c *claim) readRegionSet(req *wire.Request, p *Params) *wire.Refusal {
	if c.algorithm != ecdsaP256 {
		return nil
	}
	set, sent := req.Fields.Lookup("x-amz-region-set")
	switch {
	case c.scheme == Query && sent:
		// Two sets, or one in the wrong place.
		return errRepeatedParam("X-Amz-Region-Set")
	case c.scheme == Query && c.regionSet == "":
		return errQueryRegionSet()
	case c.scheme == Query:
		set = c.regionSet
	case !sent:
		return errMissingRegionSet()
	}
	c.regionSet = set
	if len(set) > maxRegionSet {
		return errRegionSetTooLong(c.scheme)
	}
	for _, region := range p.Regions {
		if region != "" && namesRegion(set, region) {
			c.region = region
			return nil
		}
	}
	return errRegionSetMismatch(p.region(), set)
}

// namesRegion tells whether a comma-separated set names a region. Empty entries
// name none; blanks are part of an entry.
func namesRegion(set, region string) bool {
	for entry := range strings.SplitSeq(set, ",") {
		if matchesRegion(entry, region) {
			return true
		}
	}
	return false
}

// matchesRegion tells whether an entry matches a region that is not empty:
// whole and without case, "*" standing for any run of characters and all else
// for itself.
func matchesRegion(entry, region string) bool {
	e, r := 0, 0
	star, resume := -1, 0
	for r < len(region) {
		switch {
		case e < len(entry) && entry[e] == '*':
			star, resume = e, r
			e++
		case e < len(entry) && lowerLetter(entry[e]) == lowerLetter(region[r]):
			e++
			r++
		case star >= 0:
			resume++
			e, r = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(entry[e:], "*") == ""
}

func lowerLetter(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func errMissingRegionSet() *wire.Refusal {
	return refuse(400, "InvalidRequest", "Missing required header for this request: x-amz-region-set")
}

func errQueryRegionSet() *wire.Refusal {
	return queryFault("SigV4a query auth requires a non empty x-amz-region-set parameter.")
}

func errRegionSetTooLong(scheme Scheme) *wire.Refusal {
	text := "x-amz-region-set must not be longer than " + strconv.Itoa(maxRegionSet) + " bytes: name fewer regions."
	if scheme == Query {
		return queryFault(text)
	}
	return refuse(400, "InvalidRequest", text)
}

func errRegionSetMismatch(region, set string) *wire.Refusal {
	return refuse(400, "RegionSetMismatch", "The provided X-Amz-Region-Set doesn't match against the requested S3 region.",
		element("RequestedRegion", region), element("RegionSet", set))
}
