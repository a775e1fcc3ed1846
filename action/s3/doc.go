// Package s3 answers which IAM actions, on which buckets and objects, a request
// of the Amazon S3 protocol amounts to.
//
// Everything that the answer depends on is data: the operations ([Operations]),
// the actions that headers add to them, and the condition keys of each action
// ([Fills]). A request that no row describes whole is refused: an unknown
// method, sub-resource, parameter or x-amz-* header, two sub-resources at once,
// a parameter or header given twice, an effect that the row does not decide.
package s3

//go:generate go test -run TestReferenceIsCurrent . -update
