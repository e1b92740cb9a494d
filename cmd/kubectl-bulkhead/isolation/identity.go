package isolation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// tokenSeconds is the shortest life that a token can be asked for.
const tokenSeconds = 600

// needed are the rights of a runtime's ServiceAccount in its own namespace,
// besides those that every ServiceAccount has everywhere. It has no other.
var needed = []string{
	"get secrets", "list secrets", "watch secrets", // Bindings
	"create configmaps", "update configmaps", // acknowledgements, and the heads of indexes
	"get configmaps heads",
}

// identity tries what a stolen token of a runtime is good for.
func (t *test) identity(ctx context.Context, s *survey, c *cell) ([]report.Check, error) {
	if c.runtime == nil {
		return nil, nil
	}
	own := desired.RuntimeNamespace(c.name)
	runtime, err := t.as(ctx, matrix.Vantage{Kind: matrix.VantageRuntime, Cell: c.name})
	if err != nil {
		return nil, err
	}
	anybody, err := t.as(ctx, matrix.Vantage{Kind: matrix.VantageForeign})
	if err != nil {
		return nil, err
	}
	secrets, err := readSecrets(ctx, runtime, own, t.others(s, own))
	if err != nil {
		return nil, err
	}
	everybodys, err := rights(ctx, anybody, t.foreign.Name)
	if err != nil {
		return nil, err
	}
	inside, err := excess(ctx, runtime, []string{own}, slices.Concat(needed, everybodys.all))
	if err != nil {
		return nil, err
	}
	outside, err := excess(ctx, runtime, t.others(s, own), everybodys.all)
	if err != nil {
		return nil, err
	}
	checks := []report.Check{
		secrets,
		judgeRights("its rights there are those of a runtime", inside),
		judgeRights("its rights elsewhere are those of any ServiceAccount", outside),
	}
	for i := range checks {
		checks[i].Subject = "ServiceAccount of " + own
	}
	return checks, nil
}

func (t *test) probeOf(v matrix.Vantage) *probe {
	return t.probes[slices.IndexFunc(t.probes, func(p *probe) bool { return p.vantage.String() == v.String() })]
}

// as is a client with the identity of a probe, by a token that ends with its pod.
func (t *test) as(ctx context.Context, v matrix.Vantage) (client.Client, error) {
	pod := t.probeOf(v).pod
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Spec.ServiceAccountName}}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: ptr.To[int64](tokenSeconds),
		BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	}}
	if err := t.client.SubResource("token").Create(ctx, account, request); err != nil {
		return nil, fmt.Errorf("a token of the ServiceAccount %s/%s: %w", account.Namespace, account.Name, err)
	}
	config := rest.AnonymousClientConfig(t.Config)
	config.BearerToken = request.Status.Token
	config.QPS, config.Burst = t.Config.QPS, t.Config.Burst
	return client.New(config, client.Options{Scheme: t.client.Scheme(), Mapper: t.client.RESTMapper()})
}

// others are namespaces that are none of a runtime's business.
func (t *test) others(s *survey, own string) []string {
	others := []string{desired.CredentialsNamespace, desired.SystemNamespace, metav1.NamespaceSystem, metav1.NamespaceDefault, t.foreign.Name}
	for _, c := range s.cells {
		others = append(others, c.namespaces()...)
	}
	return slices.DeleteFunc(others, func(namespace string) bool { return namespace == own })
}

// readSecrets really asks for them. That its own namespace's are given shows that
// the token is a good one. Only the metadata of one Secret is asked for.
func readSecrets(ctx context.Context, as client.Client, own string, others []string) (report.Check, error) {
	check := report.Check{
		Claim: "it reads the Secrets of its own namespace only", Verdict: matrix.Pass,
		Observed: fmt.Sprintf("allowed there, forbidden in the whole cluster and in %d other namespaces", len(others)),
		Advice:   "find who grants it: `kubectl get rolebindings,clusterrolebindings -A -o wide | grep " + own + "`, system:serviceaccounts and system:authenticated, too",
	}
	if allowed, err := maySecrets(ctx, as, own); err != nil || !allowed {
		check.Verdict, check.Observed = matrix.Fail, "it cannot read those of its own namespace, so that it serves no tenant"
		return check, err
	}
	var readable []string
	for _, namespace := range append([]string{metav1.NamespaceAll}, others...) {
		allowed, err := maySecrets(ctx, as, namespace)
		if err != nil {
			return check, err
		}
		if allowed {
			readable = append(readable, cmp.Or(namespace, "the whole cluster"))
		}
	}
	if len(readable) > 0 {
		check.Verdict, check.Observed = matrix.Fail, "it also reads those of "+firstOf(readable)
	}
	return check, nil
}

func maySecrets(ctx context.Context, as client.Client, namespace string) (bool, error) {
	var secrets metav1.PartialObjectMetadataList
	secrets.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	err := as.List(ctx, &secrets, client.InNamespace(namespace), client.Limit(1))
	if apierrors.IsForbidden(err) {
		return false, nil
	}
	return err == nil, err
}

// granted are rights as "verb group/resource"; incomplete when an authorizer
// besides RBAC does not list what it grants.
type granted struct {
	all        []string
	incomplete bool
}

// rights are what an identity may do in a namespace.
func rights(ctx context.Context, as client.Client, namespace string) (granted, error) {
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	if err := as.Create(ctx, review); err != nil {
		return granted{}, fmt.Errorf("the rights of a ServiceAccount in %s: %w", namespace, err)
	}
	g := granted{incomplete: review.Status.Incomplete}
	for _, rule := range review.Status.ResourceRules {
		g.all = append(g.all, flatten(rule)...)
	}
	for _, rule := range review.Status.NonResourceRules {
		for _, verb := range rule.Verbs {
			for _, url := range rule.NonResourceURLs {
				g.all = append(g.all, verb+" "+url)
			}
		}
	}
	return g, nil
}

func flatten(rule authorizationv1.ResourceRule) []string {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	var all []string
	for _, verb := range rule.Verbs {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, name := range names {
					all = append(all, strings.TrimSpace(verb+" "+strings.TrimPrefix(group+"/", "/")+resource+" "+name))
				}
			}
		}
	}
	return all
}

// excess are the rights in namespaces that an identity should not have.
func excess(ctx context.Context, as client.Client, namespaces, known []string) (granted, error) {
	var sum granted
	byRight := map[string][]string{}
	for _, namespace := range namespaces {
		found, err := rights(ctx, as, namespace)
		if err != nil {
			return granted{}, err
		}
		sum.incomplete = sum.incomplete || found.incomplete
		slices.Sort(found.all)
		for _, right := range slices.Compact(found.all) {
			if !slices.Contains(known, right) {
				byRight[right] = append(byRight[right], namespace)
			}
		}
	}
	for right, in := range byRight {
		sum.all = append(sum.all, right+" in "+firstOf(in))
	}
	slices.Sort(sum.all)
	return sum, nil
}

// firstOf names one of several places: a list of all namespaces is no news.
func firstOf(places []string) string {
	if len(places) == 1 {
		return places[0]
	}
	return fmt.Sprintf("%s and %d more", places[0], len(places)-1)
}

func judgeRights(claim string, excess granted) report.Check {
	check := report.Check{
		Claim: claim, Verdict: matrix.Pass, Observed: "they are",
		Advice: "remove the binding that grants it: `kubectl get rolebindings,clusterrolebindings -A -o wide` names the subjects",
	}
	switch {
	case len(excess.all) > 0:
		check.Verdict, check.Observed = matrix.Fail, "it may also "+strings.Join(excess.all, ", ")
	case excess.incomplete:
		check.Verdict, check.Observed = matrix.Unproven, "RBAC grants no other; another authorizer of this cluster does not list what it grants"
	}
	return check
}
