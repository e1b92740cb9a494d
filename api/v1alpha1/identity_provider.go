package v1alpha1

// IdentityProvider is whose tokens let the tenant's users in: JSON Web Tokens (RFC 7519)
// with an "exp" at most a day ahead and the audience "bulkhead:" and the tenant's id.
type IdentityProvider struct {
	// issuer is the tokens' "iss", such as https://login.example.com.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Issuer string `json:"issuer,omitempty"`

	// keys are the issuer's public keys, as its JSON Web Key Set has them (RFC 7517):
	// RSA of 2048 to 4096 bits, EC of P-256, P-384 and P-521, or Ed25519.
	// +required
	// +listType=map
	// +listMapKey=kid
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Keys []PublicKey `json:"keys,omitempty"`

	// userClaim is the claim with the user's name, which nobody else may ever get. The
	// default is sub.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	UserClaim string `json:"userClaim,omitempty"`

	// groupsClaim is the claim with the names of the user's groups. The default is
	// groups.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	GroupsClaim string `json:"groupsClaim,omitempty"`
}

// PublicKey is a JSON Web Key. Members that say nothing of the key itself may be there.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="!has(self.d)",fieldPath=".d",message="this is a private key: give its public half only, and make a new one, since this one was shown",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="self.kty != 'RSA' || (has(self.n) && has(self.e))",message="a key of kty RSA has n and e",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="self.kty != 'EC' || (has(self.crv) && self.crv != 'Ed25519' && has(self.x) && has(self.y))",message="a key of kty EC has a crv P-256, P-384 or P-521, and x and y",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="self.kty != 'OKP' || (has(self.crv) && self.crv == 'Ed25519' && has(self.x))",message="a key of kty OKP has the crv Ed25519, and x",reason=FieldValueInvalid
type PublicKey struct {
	// kid is the key's id, by which tokens name it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	KeyID string `json:"kid,omitempty"`

	// kty is the key's type.
	// +required
	// +kubebuilder:validation:Enum=RSA;EC;OKP
	Type string `json:"kty,omitempty"`

	// alg is the only algorithm that the key is for. Without it, all are that suit the
	// type.
	// +optional
	// +kubebuilder:validation:Enum=RS256;RS384;RS512;PS256;PS384;PS512;ES256;ES384;ES512;EdDSA
	Algorithm string `json:"alg,omitempty"`

	// crv is the curve.
	// +optional
	// +kubebuilder:validation:Enum=P-256;P-384;P-521;Ed25519
	Curve string `json:"crv,omitempty"`

	// n is an RSA key's modulus.
	// +optional
	// +kubebuilder:validation:MinLength=342
	// +kubebuilder:validation:MaxLength=684
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	N string `json:"n,omitempty"`

	// e is an RSA key's exponent.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	E string `json:"e,omitempty"`

	// x is a point's first coordinate.
	// +optional
	// +kubebuilder:validation:MinLength=43
	// +kubebuilder:validation:MaxLength=88
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	X string `json:"x,omitempty"`

	// y is a point's second coordinate.
	// +optional
	// +kubebuilder:validation:MinLength=43
	// +kubebuilder:validation:MaxLength=88
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	Y string `json:"y,omitempty"`

	// d is a part of a private key, which is refused.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	D string `json:"d,omitempty"`
}
