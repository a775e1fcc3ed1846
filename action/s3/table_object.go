package s3

// objectRows are about objects as a whole.
var objectRows = []row{
	{method: get, level: objectLevel, operation: "GetObject", actions: acts("s3:GetObject"), version: acts("s3:GetObjectVersion"), traits: hides | part},
	{method: head, level: objectLevel, operation: "HeadObject", actions: acts("s3:GetObject"), version: acts("s3:GetObjectVersion"), traits: hides | part},
	{method: put, level: objectLevel, operation: "CopyObject", actions: acts("s3:PutObject"), effects: effectsOfObject | effectIfMatch,
		traits: copies | creates | describes, note: "The source's version takes `s3:GetObjectVersion`. What is demanded for tags and annotations that come along is the operator's choice."},
	{method: put, level: objectLevel, operation: "PutObject", actions: acts("s3:PutObject"), effects: effectsOfObject | effectIfMatch,
		traits: chunked | creates | describes, body: streams, limit: objectLimit,
		note: "Metadata that asks for the extraction of an archive is refused."},
	{method: del, level: objectLevel, operation: "DeleteObject", actions: acts("s3:DeleteObject"), version: acts("s3:DeleteObjectVersion"),
		effects: effectBypass | effectIfMatch, note: "Without versioning, Amazon S3 lets a Deny of `s3:DeleteObjectVersion` in a bucket policy stop it as well; here a Deny of `s3:DeleteObject` alone does."},
	{method: get, level: objectLevel, selector: pAttributes, operation: "GetObjectAttributes",
		actions: acts("s3:GetObject", "s3:GetObjectAttributes"), version: acts("s3:GetObjectVersion", "s3:GetObjectVersionAttributes"), traits: hides,
		note: "AWS's pages disagree on whether `s3:GetObject` is enough: both are demanded."},
	{method: get, level: objectLevel, selector: pTorrent, operation: "GetObjectTorrent",
		actions: acts("s3:GetObject", "s3:GetObjectTorrent"), version: acts("s3:GetObjectVersion", "s3:GetObjectVersionTorrent"), traits: hides,
		note: "AWS's pages disagree on which of the two it is: both are demanded."},
	{method: post, level: objectLevel, selector: pSelect, with: []param{pSelectType}, operation: "SelectObjectContent",
		actions: acts("s3:GetObject"), traits: hides, body: streams, limit: maxExpression},
	{method: post, level: objectLevel, selector: pRestore, operation: "RestoreObject", actions: acts("s3:RestoreObject"),
		traits: hides | versioned, body: decides, reads: bodyRestore, limit: maxConfiguration,
		note: "Of the type SELECT, which writes objects, it is refused."},
	{method: put, level: objectLevel, selector: pRenameObject, operation: "RenameObject", actions: acts("s3:PutObject"), effects: effectIfMatch,
		traits: renames | creates, note: "Amazon S3 has it in directory buckets, where the session decides. Here it is decided as what it does: as a copy, and the removal of its source, which is in the same bucket."},
}

// uploadRows are about uploads in parts.
var uploadRows = []row{
	{method: post, level: objectLevel, selector: pUploads, operation: "CreateMultipartUpload", actions: acts("s3:PutObject"), effects: effectsOfObject, traits: describes,
		note: "Decides what the object will be: its ACL, tags, lock, encryption and class."},
	{method: put, level: objectLevel, selector: pUploadID, with: []param{pPartNumber}, operation: "UploadPartCopy", actions: acts("s3:PutObject"), traits: copies},
	{method: put, level: objectLevel, selector: pUploadID, with: []param{pPartNumber}, operation: "UploadPart", actions: acts("s3:PutObject"),
		traits: chunked, body: streams, limit: objectLimit,
		note: "What the upload's beginning decided is not asked again, and not among the keys."},
	{method: post, level: objectLevel, selector: pUploadID, operation: "CompleteMultipartUpload", actions: acts("s3:PutObject"), effects: effectIfMatch,
		traits: creates | locates, body: streams, limit: maxCompletion},
	{method: del, level: objectLevel, selector: pUploadID, operation: "AbortMultipartUpload", actions: acts("s3:AbortMultipartUpload")},
	{method: get, level: objectLevel, selector: pUploadID, operation: "ListParts", actions: acts("s3:ListMultipartUploadParts")},
}

// attachmentRows are about what is attached to objects.
var attachmentRows = []row{
	{method: get, level: objectLevel, selector: pACL, operation: "GetObjectAcl", actions: acts("s3:GetObjectAcl"), version: acts("s3:GetObjectVersionAcl"), traits: hides},
	{method: put, level: objectLevel, selector: pACL, operation: "PutObjectAcl", actions: acts("s3:PutObjectAcl"), version: acts("s3:PutObjectVersionAcl"),
		effects: takesACL, traits: hides | maybeEmpty, body: decides, reads: bodyACL, limit: maxConfiguration},
	{method: get, level: objectLevel, selector: pTagging, operation: "GetObjectTagging", actions: acts("s3:GetObjectTagging"), version: acts("s3:GetObjectVersionTagging"), traits: hides},
	{method: put, level: objectLevel, selector: pTagging, operation: "PutObjectTagging", actions: acts("s3:PutObjectTagging"), version: acts("s3:PutObjectVersionTagging"),
		traits: hides, body: decides, reads: bodyTagging, limit: maxConfiguration},
	{method: del, level: objectLevel, selector: pTagging, operation: "DeleteObjectTagging", actions: acts("s3:DeleteObjectTagging"), version: acts("s3:DeleteObjectVersionTagging"), traits: hides},
	{method: get, level: objectLevel, selector: pLegalHold, operation: "GetObjectLegalHold", actions: acts("s3:GetObjectLegalHold"), traits: hides | versioned},
	{method: put, level: objectLevel, selector: pLegalHold, operation: "PutObjectLegalHold", actions: acts("s3:PutObjectLegalHold"),
		traits: hides | versioned, body: decides, reads: bodyLegalHold, limit: maxConfiguration},
	{method: get, level: objectLevel, selector: pRetention, operation: "GetObjectRetention", actions: acts("s3:GetObjectRetention"), traits: hides | versioned},
	{method: put, level: objectLevel, selector: pRetention, operation: "PutObjectRetention", actions: acts("s3:PutObjectRetention"),
		effects: effectBypass, traits: hides | versioned, body: decides, reads: bodyRetention, limit: maxConfiguration},
	{method: put, level: objectLevel, selector: pEncryption, operation: "UpdateObjectEncryption", actions: acts("s3:UpdateObjectEncryption"),
		traits: hides | versioned, body: decides, reads: bodyEncryption, limit: maxConfiguration},
	{method: put, level: objectLevel, selector: pAnnotation, with: []param{pAnnotationName}, operation: "PutObjectAnnotation",
		actions: acts("s3:PutObjectAnnotation"), version: acts("s3:PutObjectVersionAnnotation"), traits: hides | chunked, body: streams, limit: maxAnnotation},
	{method: get, level: objectLevel, selector: pAnnotation, with: []param{pAnnotationName}, operation: "GetObjectAnnotation",
		actions: acts("s3:GetObjectAnnotation"), version: acts("s3:GetObjectVersionAnnotation"), traits: hides},
	{method: get, level: objectLevel, selector: pAnnotation, operation: "ListObjectAnnotations",
		actions: acts("s3:ListObjectAnnotations"), version: acts("s3:ListObjectVersionAnnotations"), traits: hides},
	{method: del, level: objectLevel, selector: pAnnotation, with: []param{pAnnotationName}, operation: "DeleteObjectAnnotation",
		actions: acts("s3:DeleteObjectAnnotation"), version: acts("s3:DeleteObjectVersionAnnotation"), effects: effectBypass, traits: hides},
}
