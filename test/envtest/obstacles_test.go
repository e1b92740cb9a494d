package envtest

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// empty deletes a namespace by hand, as the namespace controller would go about
// it, up to where something holds its last step.
func (s *scene) empty(ctx context.Context, namespace string) {
	GinkgoHelper()
	Expect(admin.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
	for _, kind := range []client.Object{&rbacv1.RoleBinding{}, &corev1.Secret{}, &corev1.ConfigMap{}, &corev1.Pod{}, &gatewayv1.HTTPRoute{}} {
		Expect(admin.DeleteAllOf(ctx, kind, client.InNamespace(namespace), client.GracePeriodSeconds(0))).To(Succeed())
	}
}

// finish takes that last step.
func (s *scene) finish(ctx context.Context, name string) {
	GinkgoHelper()
	namespace := &corev1.Namespace{}
	Expect(admin.Get(ctx, client.ObjectKey{Name: name}, namespace)).To(Succeed())
	namespace.Spec.Finalizers = nil
	Expect(admin.SubResource("finalize").Update(ctx, namespace)).To(Succeed())
	Eventually(func() error {
		return client.IgnoreNotFound(admin.Get(ctx, client.ObjectKey{Name: name}, namespace))
	}).WithTimeout(patience).Should(Succeed())
}

// exhaust fills a namespace's quota of Secrets.
func exhaust(ctx context.Context, namespace string) (free func()) {
	GinkgoHelper()
	one := corev1.ResourceList{corev1.ResourceSecrets: resource.MustParse("1")}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "full"}, Spec: corev1.ResourceQuotaSpec{Hard: one}}
	Expect(admin.Create(ctx, quota)).To(Succeed())
	quota.Status = corev1.ResourceQuotaStatus{Hard: one, Used: one} // nobody counts in envtest
	Expect(admin.Status().Update(ctx, quota)).To(Succeed())
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"}}
	return obstacle(ctx, quota, func(ctx context.Context) error { return admin.Create(ctx, secret.DeepCopy(), client.DryRunAll) }, "exceeded quota")
}

// denial is something that a policy forbids the operator.
type denial struct {
	policy, namespace, group, resource string
	operation                          admissionregistrationv1.OperationType
}

// deny forbids the operator something by a ValidatingAdmissionPolicy, which also
// refuses one ConfigMap, to be asked whether it is in force.
func deny(ctx context.Context, d denial) (allow func()) {
	GinkgoHelper()
	rule := func(group, resource string, operation admissionregistrationv1.OperationType) admissionregistrationv1.NamedRuleWithOperations {
		return admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: ruleOf(group, resource, operation)}
	}
	where := map[bool]string{true: "request.name", false: "request.namespace"}[d.resource == "namespaces"]
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: d.policy},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{
				rule(d.group, d.resource, d.operation), rule("", "configmaps", "CREATE"),
			}},
			Validations: []admissionregistrationv1.Validation{{Message: "no", Expression: fmt.Sprintf(
				"request.resource.resource == 'configmaps' ? request.name != 'probe-%s' : request.userInfo.username != '%s' || ('%s' != '' && %s != '%s')",
				d.policy, operatorUser, d.namespace, where, d.namespace)}},
		},
	}
	bound := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: d.policy},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: d.policy, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}
	Expect(admin.Create(ctx, policy)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(admin.Delete(ctx, policy))).To(Succeed()) })
	Expect(admin.Create(ctx, bound)).To(Succeed())
	return obstacle(ctx, bound, probe("default", d.policy), d.policy)
}

func ruleOf(group, resource string, operations ...admissionregistrationv1.OperationType) admissionregistrationv1.RuleWithOperations {
	return admissionregistrationv1.RuleWithOperations{
		Operations: operations,
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"*"}, Resources: []string{resource}},
	}
}

// breakWebhook has a webhook that nobody answers judge the operator's Secrets of a namespace.
func breakWebhook(ctx context.Context, name, namespace string) (allow func()) {
	GinkgoHelper()
	return webhook(ctx, name, namespace, "https://127.0.0.1:1/", nil)
}

// canaryWords are what a webhook says with the object that it was shown.
const canaryWords = "CANARY-WORDS"

// denyWords has a webhook judge the operator's Secrets of a namespace that denies
// everything and quotes it.
func denyWords(ctx context.Context, name, namespace string) (allow func()) {
	GinkgoHelper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Result: &metav1.Status{
			Code: http.StatusForbidden, Message: canaryWords + string(review.Request.Object.Raw),
		}}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}))
	DeferCleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return webhook(ctx, name, namespace, server.URL, ca)
}

func webhook(ctx context.Context, name, namespace, url string, ca []byte) (allow func()) {
	GinkgoHelper()
	configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name:              name,
			ClientConfig:      admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: ca},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []admissionregistrationv1.RuleWithOperations{
				ruleOf("", "secrets", admissionregistrationv1.Create, admissionregistrationv1.Update), ruleOf("", "configmaps", admissionregistrationv1.Create),
			},
			MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "operator", Expression: fmt.Sprintf(
				"request.resource.resource == 'configmaps' ? request.name == 'probe-%s' : request.userInfo.username == '%s'", name, operatorUser)}},
			FailurePolicy:           ptr.To(admissionregistrationv1.Fail),
			SideEffects:             ptr.To(admissionregistrationv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
	Expect(admin.Create(ctx, configuration)).To(Succeed())
	return obstacle(ctx, configuration, probe(namespace, name), name)
}

// probe asks for the ConfigMap that an obstacle refuses to everybody.
func probe(namespace, name string) func(context.Context) error {
	return func(ctx context.Context) error {
		return admin.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe-" + name}}, client.DryRunAll)
	}
}

// obstacle waits until an object that was made is in force: what is asked for is
// refused, naming it. The function that it returns removes the obstacle.
func obstacle(ctx context.Context, object client.Object, ask func(context.Context) error, names string) (remove func()) {
	GinkgoHelper()
	remove = func() {
		GinkgoHelper()
		Expect(client.IgnoreNotFound(admin.Delete(ctx, object))).To(Succeed())
		Eventually(func() error { return ask(ctx) }).WithTimeout(patience).Should(Succeed())
	}
	DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(admin.Delete(ctx, object))).To(Succeed()) })
	Eventually(func() error { return ask(ctx) }).WithTimeout(patience).Should(MatchError(ContainSubstring(names)))
	return remove
}
