//! placeholder
use proc_macro2::TokenStream;
pub(crate) fn expand_nebula_type(_item: TokenStream) -> TokenStream { TokenStream::new() }
pub(crate) fn expand_task_outputs(_item: TokenStream) -> TokenStream { TokenStream::new() }
