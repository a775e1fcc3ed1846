package s3

import "github.com/sallyport-iam/sallyport/wire"

// maxIdentifier is the greatest length of an identifier in bytes; stores' own
// have up to some hundred.
const maxIdentifier = 1024

// validIdentifier tells whether a text can be an id that a store gave: of an
// upload, a version, a configuration. Stores join them into paths of their
// files, so that nothing that has a meaning there passes. Those of Amazon S3,
// Ceph, MinIO, versitygw and others are of these characters, which besides are
// the same read raw or percent-decoded.
func validIdentifier(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > maxIdentifier {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~', c == '=':
		default:
			return false
		}
	}
	return true
}

// notIdentifier answers as S3 does, where it tells: an upload of such an id there
// cannot be, and clients count on the code.
func notIdentifier(name, value string) *wire.Refusal {
	switch name {
	case "versionId":
		return invalidArgument("Invalid version id specified", name, value)
	case "uploadId":
		return refusal(404, "NoSuchUpload",
			"The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
			wire.Element{Name: "UploadId", Value: value})
	}
	return invalidArgument("The value of "+name+" is not an identifier: it may hold letters, digits, and - . _ ~ =.", name, value)
}
