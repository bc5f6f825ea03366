//! `#[derive(NebulaType)]` on an enum whose variants hold values: a Flyte union.
//!
//! A variant with one unnamed value is of that value's type. One with named fields is a struct of its name, which is written as a hidden
//! type. Those without fields are together one hidden unit enum, in the place of the first of them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Data, DataEnum, DataStruct, DeriveInput, Fields, FieldsNamed, GenericParam, Ident, Index, LitStr, Type, Variant, Visibility,
    parse_quote,
};

use super::attributes::{Container, refuse_names, wire_name};
use super::enums::{holds_nothing, title, unit_enum};
use super::generics::{RECURSIVE, arguments, descriptors, head, mentions};
use super::structs;
use crate::doc::doc;
use crate::errors::Errors;
use crate::signature::judge_foreign;

/// One type of the union.
struct Member {
    /// The variant that messages name.
    name: String,
    ty: TokenStream,
    /// Where the error belongs if the type cannot be here.
    span: Span,
    /// An expression of type `fn(T) -> Self`.
    make: TokenStream,
    /// The names by which serde's own form would call the variant.
    names: Vec<LitStr>,
}

/// One arm of the matches that write a value.
struct Arm {
    pattern: TokenStream,
    member: Index,
    /// The function of the library that writes a literal, and what follows the member among its arguments.
    encode: (Ident, TokenStream),
    /// The same of a field.
    pack: (Ident, TokenStream),
}

#[derive(Default)]
struct Union {
    /// The hidden types.
    definitions: Vec<TokenStream>,
    members: Vec<Member>,
    arms: Vec<Arm>,
    /// The variants as people are shown them.
    told: Vec<TokenStream>,
    /// The fields of each struct variant, to tell equal ones.
    structs: Vec<(Ident, Vec<(String, String)>)>,
}

pub(super) fn expand(input: &DeriveInput, data: &DataEnum, container: &Container, errors: &mut Errors) -> TokenStream {
    let mut union = Union::default();
    let units: Vec<_> = data.variants.iter().filter(|variant| holds_nothing(variant)).collect();
    for variant in &data.variants {
        match &variant.fields {
            Fields::Named(fields) => union.with_fields(input, variant, fields, container, errors),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                union.with_a_value(input, variant, &fields.unnamed[0].ty, container, errors)
            }
            Fields::Unnamed(fields) if !fields.unnamed.is_empty() => {
                let name = &variant.ident;
                errors.at(
                    fields,
                    format!("values without names have no Flyte form together: write `{name} {{ first: .., second: .. }}`, or one value"),
                );
            }
            _ => {
                let place = Index::from(units.iter().position(|unit| unit.ident == variant.ident).unwrap_or_default());
                if place.index == 0 {
                    union.of_units(input, &units, container, errors);
                }
                let (units, told) = (units_ident(input), doc(&variant.attrs));
                union.told.push(quote!(__nk::union::Told::unit(&<#units as __nk::enums::UnitEnum>::VARIANTS[#place], #told)));
            }
        }
    }
    union.implementation(input)
}

/// The name of the hidden enum of the variants without fields.
fn units_ident(input: &DeriveInput) -> Ident {
    Ident::new("__nk_units", input.ident.span().resolved_at(Span::call_site()))
}

/// A hidden type of the name `ident`.
fn hidden(input: &DeriveInput, ident: Ident, fields: FieldsNamed) -> DeriveInput {
    let mut generics = input.generics.clone();
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Type(parameter) => parameter.default = None,
            GenericParam::Const(parameter) => parameter.default = None,
            GenericParam::Lifetime(_) => {}
        }
    }
    let data = DataStruct { struct_token: Default::default(), fields: Fields::Named(fields), semi_token: None };
    DeriveInput { attrs: Vec::new(), vis: Visibility::Inherited, ident, generics, data: Data::Struct(data) }
}

impl Union {
    fn with_a_value(&mut self, input: &DeriveInput, variant: &Variant, ty: &Type, container: &Container, errors: &mut Errors) {
        refuse_names(variant, errors);
        judge_foreign(ty, errors);
        if mentions(ty, &input.ident) {
            errors.at(ty, RECURSIVE);
        }
        let (ident, member) = (&variant.ident, Index::from(self.members.len()));
        self.arms.push(Arm {
            pattern: quote!(Self::#ident(__nk_value)),
            encode: (format_ident!("encode"), quote!(__nk_value, __nk_encoder)),
            pack: (format_ident!("pack"), quote!(__nk_value, __nk_packer)),
            member,
        });
        self.tell(variant);
        self.members.push(Member {
            name: ident.unraw().to_string(),
            ty: ty.to_token_stream(),
            span: ty.span(),
            make: quote!(Self::#ident),
            names: container.names_in_serde(variant),
        });
    }

    fn with_fields(&mut self, input: &DeriveInput, variant: &Variant, named: &FieldsNamed, container: &Container, errors: &mut Errors) {
        let mut fields = named.clone();
        let parameters: Vec<_> = input.generics.type_params().map(|parameter| &parameter.ident).collect();
        if !parameters.is_empty() {
            // Holds the type parameters that none of the fields of this variant mentions.
            fields.named.push(parse_quote!(#[nebula(skip)] __nk_of: __nk::PhantomData<fn() -> (#(#parameters,)*)>));
        }
        let ident = format_ident!("__nk_{}", variant.ident.unraw(), span = variant.ident.span().resolved_at(Span::call_site()));
        let hidden = hidden(input, ident.clone(), fields);
        let Data::Struct(data) = &hidden.data else { return };
        for field in &named.named {
            if mentions(&field.ty, &input.ident) {
                errors.at(&field.ty, RECURSIVE);
            }
        }
        let container_of_fields = container.of_variant(variant, errors);
        let (travelling, skipped) = structs::fields(&hidden, data, &container_of_fields, errors);
        let same = travelling.iter().map(structs::Travelling::described).collect::<Vec<_>>();
        self.judge_fields(variant, same, errors);
        let implementation = structs::implementation(&hidden, &container_of_fields, &travelling, &skipped, true);
        let (parameters, _, clause) = hidden.generics.split_for_impl();
        let declared = data.fields.iter().map(|field| (&field.ident, &field.ty)).map(|(ident, ty)| quote!(#ident: #ty));
        self.definitions.push(quote! {
            #[allow(dead_code, non_camel_case_types)]
            struct #ident #parameters #clause { #(#declared,)* }
            const _: () = { #implementation };
        });
        let written: Vec<_> = travelling.iter().map(structs::Travelling::ident).collect();
        let all: Vec<_> = named.named.iter().map(|field| &field.ident).collect();
        let (variant_ident, member) = (&variant.ident, Index::from(self.members.len()));
        let arguments = arguments(&input.generics);
        let turbofish = if arguments.is_empty() { TokenStream::new() } else { quote!(::#arguments) };
        let slots: Vec<_> = (0..written.len()).map(|index| format_ident!("__nk_{index}")).collect();
        let parts = quote!(|__nk_packer| #ident #turbofish::__nk_pack(__nk_packer #(, #slots)*));
        let rest = (written.len() < all.len()).then(|| quote!(..));
        self.arms.push(Arm {
            pattern: quote!(Self::#variant_ident { #(#written: #slots,)* #rest }),
            encode: (format_ident!("encode_struct"), quote!(__nk_encoder, #parts)),
            pack: (format_ident!("pack_struct"), quote!(__nk_packer, #parts)),
            member,
        });
        let names = container.names_in_serde(variant);
        self.tell(variant);
        self.members.push(Member {
            name: variant_ident.unraw().to_string(),
            ty: quote!(#ident #arguments),
            span: variant_ident.span().resolved_at(Span::call_site()),
            make: quote!(|__nk_value| Self::#variant_ident { #(#all: __nk_value.#all),* }),
            names,
        });
    }

    /// Notes what people are shown of the variant whose member comes next.
    fn tell(&mut self, variant: &Variant) {
        let name = LitStr::new(&variant.ident.unraw().to_string(), Span::call_site());
        let (told, member) = (doc(&variant.attrs), self.members.len());
        self.told.push(quote!(__nk::union::Told::member(#name, #told, #member)));
    }

    /// Refuses a struct whose fields are those of another.
    fn judge_fields(&mut self, variant: &Variant, mut fields: Vec<(String, String)>, errors: &mut Errors) {
        fields.sort();
        if let Some((other, _)) = self.structs.iter().find(|(_, others)| *others == fields) {
            let message = format!(
                "the variants `{other}` and `{}` have the same fields, so that nothing on the wire tells them apart; give one of them a field \
                 that the other has not",
                variant.ident
            );
            errors.at(&variant.ident, message);
        }
        self.structs.push((variant.ident.clone(), fields));
    }

    fn of_units(&mut self, input: &DeriveInput, units: &[&Variant], container: &Container, errors: &mut Errors) {
        let ident = units_ident(input);
        let idents: Vec<_> = units.iter().map(|variant| &variant.ident).collect();
        let hidden: DeriveInput = parse_quote!(enum #ident {});
        let implementation = unit_enum(&hidden, units, container, errors);
        self.definitions.push(quote! {
            enum #ident { #(#idents,)* }
            #implementation
        });
        let member = self.members.len();
        for variant in &idents {
            self.arms.push(Arm {
                pattern: quote!(Self::#variant),
                encode: (format_ident!("encode"), quote!(&#ident::#variant, __nk_encoder)),
                pack: (format_ident!("pack"), quote!(&#ident::#variant, __nk_packer)),
                member: Index::from(member),
            });
        }
        self.members.push(Member {
            name: idents.first().map(|ident| ident.unraw().to_string()).unwrap_or_default(),
            ty: ident.to_token_stream(),
            span: ident.span(),
            make: quote!(|__nk_unit| match __nk_unit { #(#ident::#idents => Self::#idents,)* }),
            names: Vec::new(),
        });
    }

    fn implementation(&self, input: &DeriveInput) -> TokenStream {
        let Self { definitions, members, arms, told, .. } = self;
        let (name, doc) = (title(input), doc(&input.attrs));
        let types: Vec<_> = members.iter().map(|Member { ty, .. }| quote!(__nk::union::Variant<#ty>)).collect();
        let values: Vec<_> =
            members.iter().map(|Member { ty, name, span, .. }| quote_spanned!(*span=> __nk::union::Variant::<#ty>::new(#name))).collect();
        let (definition, all) = descriptors(&input.generics, &format_ident!("__nk_variants"), &types, &values);
        let index: Vec<_> = (0..members.len()).map(Index::from).collect();
        let distinct = self.distinct(input, &all, &index);
        let head = head(input, &quote!(__nk::NebulaType));
        let head = quote_spanned!(input.ident.span().resolved_at(Span::call_site())=> #head);
        let choices = index.iter().zip(members).map(|(index, Member { make, names, .. })| {
            let called = (!names.is_empty()).then(|| quote!(.called(&[#(#names),*])));
            quote!(&__nk::union::Variant::choice(&#all.#index, #make)#called)
        });
        let choices = quote!(&[#(#choices),*]);
        let patterns: Vec<_> = arms.iter().map(|arm| &arm.pattern).collect();
        let numbers: Vec<_> = arms.iter().map(|arm| &arm.member).collect();
        let of_member =
            |member: &Index, (function, rest): &(Ident, TokenStream)| quote!(__nk::union::Variant::#function(&#all.#member, #rest));
        let encodes = arms.iter().map(|arm| of_member(&arm.member, &arm.encode));
        let packs = arms.iter().map(|arm| of_member(&arm.member, &arm.pack));
        quote! {
            #(#definitions)*
            #definition
            #distinct
            #head {
                const TAG: &'static __nk::str = __nk::union::TAG;
                const IS_UNION: __nk::bool = true;
                const KIND: __nk::Kind = __nk::Kind::Union;
                const HAS_NONE: __nk::bool = #(__nk::union::Variant::has_none(&#all.#index))||*;

                fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
                    __nk::union::literal_type(&[#(&#all.#index),*], __nk_dialect)
                }

                fn encode(&self, __nk_encoder: &mut __nk::Encoder) -> __nk::Result<()> {
                    match self {
                        #(#patterns => #encodes,)*
                    }
                }

                fn decode(__nk_literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                    __nk::union::decode(__nk_literal, #choices)
                }

                fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
                    let __nk_start = __nk::Packer::len(__nk_packer);
                    let __nk_which = match self {
                        #(#patterns => {
                            #packs?;
                            #numbers
                        })*
                    };
                    __nk::union::check_packed::<Self>(__nk_packer, __nk_start, __nk_which, #choices)
                }

                fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                    __nk::union::unpack(__nk_unpacker, #choices)
                }

                fn schema(__nk_dialect: &__nk::Dialect) -> __nk::Value {
                    __nk::union::schema(&[#(&#all.#index),*], __nk_dialect)
                }

                fn shapes(__nk_shapes: &mut __nk::Shapes) {
                    __nk::union::shapes::<Self>(#name, #doc, &[#(#told),*], &[#(&#all.#index),*], __nk_shapes);
                }
            }
        }
    }

    /// The check that no two members are the same plain type; each pair has its own message, since constants cannot make one.
    fn distinct(&self, input: &DeriveInput, all: &TokenStream, index: &[Index]) -> TokenStream {
        if !input.generics.params.is_empty() {
            return TokenStream::new();
        }
        let mut messages = Vec::new();
        for (left, Member { name: first, .. }) in self.members.iter().enumerate() {
            for Member { name: second, .. } in &self.members[left + 1..] {
                messages.push(format!(
                    "the variants `{first}` and `{second}` hold the same Flyte type, which no reader could tell apart; keep one of them"
                ));
            }
        }
        quote_spanned! {input.ident.span().resolved_at(Span::call_site())=>
            const _: () = __nk::union::assert_distinct(&[#(__nk::union::Variant::tag(&#all.#index)),*], &[#(#messages),*]);
        }
    }
}

impl Container {
    /// The names by which serde's own form calls a variant.
    fn names_in_serde(&self, variant: &Variant) -> Vec<LitStr> {
        let own = LitStr::new(&variant.ident.unraw().to_string(), variant.ident.span());
        let renamed = wire_name(&variant.ident, self.serde_name(variant).as_ref(), self.rename_all);
        if renamed.value() == own.value() { vec![own] } else { vec![renamed, own] }
    }
}
